"""The reporter ``junit``: cells, comparisons and expectations, as build servers read them."""

from collections.abc import Mapping
from pathlib import Path

from evalkit.interfaces import Reporter
from evalkit.records import Json
from evalkit.report.junit import write_junit
from evalkit.report.place import check_place
from evalkit.reporters.params import JunitParams


class JunitReporter(Reporter):
    """Writes JUnit XML."""

    params: JunitParams

    def report(self, results: Mapping[str, Json], folder: Path) -> Path:
        """Write the file."""
        path = folder / self.params.file
        check_place(path)
        write_junit(results, path)
        return path
