"""Registers the reporter ``html``."""

from collections.abc import Iterable

from evalkit import Entry, hookimpl


@hookimpl
def evalkit_reporters() -> Iterable[Entry]:
    """The reporter of this distribution."""
    return [
        Entry(
            name="html",
            target="evalkit_report.reporter:HtmlReporter",
            params="evalkit_report.params:HtmlParams",
            summary="one HTML file: verdict, tables, charts, every answer side by side",
        )
    ]
