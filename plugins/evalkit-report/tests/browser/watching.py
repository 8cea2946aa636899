"""Opens reports in Chromium as their readers do, and notes whatever a report must not do."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # Playwright itself is loaded with the first test that needs the browser
    from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Request

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = ("--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run")  # fmt: skip
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 360, "height": 740}
_NOTE_VIOLATIONS = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
"""


def chromium() -> str | None:
    """The browser: what EVALKIT_CHROMIUM names, else the first on the PATH; None without one."""
    named = os.environ.get("EVALKIT_CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


def launch(playwright: "Playwright", path: str) -> "Browser":
    """Start it without a window, with a fresh profile; only root has to do without its sandbox."""
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    return playwright.chromium.launch(
        executable_path=path, args=[*QUIET, *root], chromium_sandbox=not root
    )


class Visit:
    """A report that is open.

    Attributes:
        page: the page.
        faults: what it did that no report may do: asked for something, wrote to the console,
            raised an error, opened a window or a dialog.
    """

    def __init__(self, page: "Page", report: Path) -> None:
        """Watch `page`, which may show `report` and nothing else."""
        self.page = page
        self.faults: list[str] = []
        self._address = report.as_uri()
        page.on("request", self._note_request)
        page.on("console", lambda message: self._note(f"console: {message.type} {message.text}"))
        page.on("pageerror", lambda error: self._note(f"error: {error}"))
        page.on("popup", lambda opened: self._note(f"window: {opened.url}"))
        page.on("dialog", self._note_dialog)

    def open(self, fragment: str = "") -> None:
        """Load the report, at a place in it."""
        self.page.goto(self._address + (f"#{fragment}" if fragment else ""))

    def conclude(self) -> None:
        """Fail if anything happened that must not; also if planted script has run."""
        left = self.page.evaluate("[window.violations ?? [], window.pwned ?? null]")
        assert self.faults == []
        assert left == [[], None]
        assert self.page.url.partition("#")[0] == self._address

    def _note(self, fault: str) -> None:
        self.faults.append(fault[:500])

    def _note_request(self, request: "Request") -> None:
        ours = request.is_navigation_request() and request.url.partition("#")[0] == self._address
        if not ours and not request.url.startswith("data:image/"):
            self._note(f"request: {request.url}")

    def _note_dialog(self, dialog: Any) -> None:
        self._note(f"dialog: {dialog.message}")
        dialog.dismiss()


@contextmanager
def visited(
    browser: "Browser", report: Path, *, at: str = "", options: Mapping[str, Any] | None = None
) -> Iterator[Visit]:
    """Open a report offline, look at it, and see that it behaved.

    Args:
        browser: the browser.
        report: the file.
        at: the part of the address behind ``#``.
        options: of ``Browser.new_context``: ``viewport``, ``color_scheme``, ...
    """
    context = browser.new_context(**{"viewport": WIDE, "offline": True, **(options or {})})
    try:
        yield from _watched(context, report, at)
    finally:
        context.close()


def _watched(context: "BrowserContext", report: Path, at: str) -> Iterator[Visit]:
    context.set_default_timeout(15_000)
    context.add_init_script(_NOTE_VIOLATIONS)
    visit = Visit(context.new_page(), report)
    visit.open(at)
    yield visit
    visit.conclude()
