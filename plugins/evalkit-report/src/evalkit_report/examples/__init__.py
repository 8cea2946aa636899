"""The answers of all methods to the same examples, packed for the browser of the report."""

from evalkit_report.examples.data import BrowserData, browser_data

__all__ = ["BrowserData", "browser_data"]
