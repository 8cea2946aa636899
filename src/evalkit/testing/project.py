"""A project in a folder of its own: write files, run commands, look at the results."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from evalkit.cli import main

_SETTINGS = ("EVALKIT_CACHE", "EVALKIT_DEFAULT_REPORTERS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a command ended.

    Attributes:
        exit_code: 0 for success; the others are listed in the reference.
        stdout: what it printed.
        stderr: errors and progress.
    """

    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """Both streams, for messages of tests."""
        return f"exit code {self.exit_code}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


class Project:
    """A folder in which evalkit runs as it does for a user.

    Attributes:
        path: the folder; the working directory of every command.
    """

    def __init__(self, path: Path) -> None:
        """Work in `path`, which must be there."""
        self.path = path

    def write(self, name: str, text: str) -> Path:
        """Write a file, folders included; the path."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, *args: str | Path, check: bool = False) -> Result:
        """Run ``evalkit ARGS`` in this process.

        Args:
            args: the arguments, for instance ``"run", "suite.toml"``.
            check: fail the test unless the exit code is 0.
        """
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.path),
            mock.patch.dict(os.environ, self.environment(), clear=True),
            mock.patch.object(sys, "stdin", io.StringIO()),
            _imports_undone(self.path),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                code = main([str(arg) for arg in args])
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        return _checked(Result(exit_code=code, stdout=out.getvalue(), stderr=err.getvalue()), check)

    def spawn(self, *args: str | Path, check: bool = False, timeout: float = 600) -> Result:
        """Run ``evalkit ARGS`` as a process of its own.

        Args:
            args: the arguments.
            check: fail the test unless the exit code is 0.
            timeout: seconds after which the process is ended and the test fails.
        """
        done = subprocess.run(
            [sys.executable, "-m", "evalkit", *map(str, args)],
            cwd=self.path,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )
        result = Result(exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr)
        return _checked(result, check)

    def results(self, run: str = "latest") -> dict[str, Any]:
        """The content of ``results.json`` of a run."""
        text = (self.path / "runs" / run / "results.json").read_text(encoding="utf-8")
        loaded: dict[str, Any] = json.loads(text)
        return loaded

    def environment(self) -> dict[str, str]:
        """The environment of every command: wide, without colours, few settings of evalkit's own.

        Those of the cache stay, and the default reporters if a test sets some: else there are none.
        """
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("EVALKIT_") or name.startswith(_SETTINGS)
        }
        fixed = {"COLUMNS": "160", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
        return {"EVALKIT_DEFAULT_REPORTERS": "", **kept, **fixed}


def _checked(result: Result, check: bool) -> Result:
    if check:
        assert result.exit_code == 0, result.output
    return result


@contextlib.contextmanager
def _imports_undone(folder: Path) -> Iterator[None]:
    """Let modules of the folder be imported, and forget them afterwards."""
    path, before = list(sys.path), set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - before:
            origin = getattr(sys.modules[name], "__file__", None)
            if origin and Path(origin).is_relative_to(folder):
                del sys.modules[name]
