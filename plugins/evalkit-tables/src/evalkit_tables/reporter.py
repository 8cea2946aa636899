"""What the reporters have in common: which tables there are, and what becomes of faults."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, ClassVar

from evalkit import Json, Reporter, RunView, UserError
from evalkit_tables import answers, figures
from evalkit_tables.params import TablesParams
from evalkit_tables.table import Table
from evalkit_tables.writing import atomically, folder_within

TABLES: Mapping[str, Callable[[RunView], Table]] = {
    "cells": figures.cells,
    "scores": figures.scores,
    "losses": figures.losses,
    "standings": figures.standings,
    "methods": figures.methods,
    "differences": figures.differences,
    "rating_differences": figures.rating_differences,
    "slices": figures.slices,
    "predictions": answers.predictions,
    "judgments": answers.judgments,
}


class TablesReporter(Reporter):
    """Writes each table into a file of its own."""

    params: TablesParams
    suffix: ClassVar[str]

    @abstractmethod
    def write(self, table: Table, file: IO[bytes]) -> None:
        """Write a table."""

    def report(self, results: Mapping[str, Json], folder: Path) -> list[Path]:
        """Write the tables of a run.

        Returns:
            The files.

        Raises:
            UserError: some could not be made; says which and why. The others are there.
        """
        run = RunView(folder=folder, results=dict(results))
        place = folder_within(folder, self.params.folder)
        written, faults = [], []
        for name in dict.fromkeys(self.params.tables):
            try:
                path = place / f"{name}.{self.suffix}"
                with atomically(path) as file:
                    self.write(TABLES[name](run), file)
                written.append(path)
            except UserError as error:
                faults.append((name, error))
        if faults:
            names = ", ".join(name for name, _ in faults)
            why = dict.fromkeys(str(error) for _, error in faults)
            raise UserError(f"{place}: not written: {names}", "\n".join(why))
        return written
