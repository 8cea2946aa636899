"""evalkit from Python: ``evalkit.run(...)``, ``evalkit.compare_runs(...)``."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from evalkit.compare.expect import unjudged
from evalkit.compare.kept import kept_or_made
from evalkit.errors import SuiteError, UserError
from evalkit.manifest import read_manifest, write_manifest
from evalkit.prepare import Choice, Prepared, prepare
from evalkit.reporting import make_report
from evalkit.run_view import Row, RunView
from evalkit.runner import Finished, Observer, Options, Run
from evalkit.secrets import hide
from evalkit.serialization import plain, pretty
from evalkit.store import find_run, write_atomically
from evalkit.suite import Suite


def compare_runs(*runs: str | Path | RunView) -> Row:
    """How the methods of one or more runs compare, as ``evalkit compare --format json`` prints it.

    What the suite of the first run says in ``[analysis]`` holds for all.

    Args:
        runs: run folders, for instance ``runs/latest``, or what `run` and `load_run` return.

    Returns:
        The form that the key ``analysis`` of ``results.json`` has.

    Raises:
        UserError: there is no such run, or the methods were not measured alike.
    """
    # Here, since it takes longer to import than a run takes in which nothing is left to do.
    from evalkit.compare.runs import Request
    from evalkit.compare.runs import compare_runs as compare

    if not runs:
        raise UserError("no run to compare", "name run folders, for instance runs/latest")
    folders = [run.folder if isinstance(run, RunView) else run for run in runs]
    found = [find_run(str(folder)) for folder in folders]
    compared: Row = plain(compare(Request(runs=tuple(dict.fromkeys(found)))))
    return compared


class Silence:
    """An Observer that tells nobody."""

    def notice(self, text: str) -> None:
        """Nothing."""

    def plan(self, total: int, finished: int) -> None:
        """Nothing."""

    def course(self, course: Any) -> None:
        """Nothing."""

    def job_start(self, job: Any) -> None:
        """Nothing."""

    def job_progress(self, job: Any, done: int, total: int, note: str) -> None:
        """Nothing."""

    def job_end(self, job: Any, seconds: float, failure: Any) -> None:
        """Nothing."""


def run(  # noqa: PLR0913 (the options of `evalkit run`, all but the first by keyword)
    source: str | Path,
    *,
    profile: str = "",
    overrides: Sequence[str] = (),
    limit: int | None = None,
    seeds: Sequence[int] = (),
    matches: Callable[[str], bool] | None = None,
    modules: Sequence[str] = (),
    output_dir: str | Path = "runs",
    fresh: bool = False,
    cache: Literal["use", "refresh", "off"] = "use",
    keep_going: bool = False,
    observer: Observer | None = None,
) -> RunView:
    """Run a suite, as ``evalkit run`` does.

    Args:
        source: path of a suite, or the name of a registered one.
        profile: name of a profile.
        overrides: texts ``key.path=value``, as for ``--set``.
        limit: at most so many evaluation examples.
        seeds: these seeds instead of the suite's.
        matches: given a text with a cell's id, model and adapter, whether to run it.
        modules: plugin modules to load, as for ``-p``.
        output_dir: the output folder.
        fresh: run every job anew, and ask every question anew.
        cache: "refresh" asks anew and writes to the response cache, "off" leaves it alone.
        keep_going: cells whose model or data cannot be had fail; the others run.
        observer: told how the run goes.

    Returns:
        The run; cells that failed have ``status`` "failed" and say why.

    Raises:
        SuiteError: faults of the suite, its data or its models.
    """
    choice = Choice(
        source=str(source),
        profile=profile,
        overrides=tuple(overrides),
        modules=tuple(modules),
        limit=limit,
        seeds=tuple(seeds),
        matches=matches,
    )
    prepared = prepare(choice)
    options = Options(
        output=Path(output_dir),
        fresh=fresh,
        cache="refresh" if fresh and cache == "use" else cache,
        keep_going=keep_going,
        modules=tuple(modules),
        local=prepared.local,
    )
    observer = observer or Silence()
    _tell(observer, prepared.notices)
    finished = execute(prepared, options, observer)
    _tell(observer, finished.told)
    return RunView(finished.folder, finished.results)


def _tell(observer: Observer, texts: Sequence[str]) -> None:
    for text in texts:
        observer.notice(text)


def execute(prepared: Prepared, options: Options, observer: Observer) -> Finished:
    """Run what was prepared, and hand the results to the suite's reporters.

    Raises:
        SuiteError: no cell is selected, or faults of the data or the models.
    """
    machine = _machine(prepared, options, observer)
    try:
        return _reported(machine.execute(prepared.cells), prepared)
    finally:
        machine.close()


def _reported(finished: Finished, prepared: Prepared) -> Finished:
    """A run with its analysis and its reports."""
    problems = []
    try:
        finished = _analysed(finished, prepared)
    except UserError as error:  # the results are safe; evalkit compare tells it again
        problems.append(f"the methods were not compared: {error}")
        finished = _with(finished, _nothing(prepared.suite))
    written: list[Path] = []
    for use in prepared.suite.reporters:
        try:
            written += make_report(use, prepared.plugins, finished.results, finished.folder)
        except KeyboardInterrupt:
            raise
        except UserError as error:  # the results are safe; a report can be made again
            problems.append(f"reporter {use.name} failed: {error}")
        except BaseException as error:  # one may call sys.exit
            problems.append(f"reporter {use.name} failed: {type(error).__name__}: {error}")
    _close(finished)
    return replace(finished, problems=tuple(map(hide, problems)), written=tuple(written))


def _close(finished: Finished) -> None:
    """Note that a run is over. Until then the same command goes on with it, whatever it lacks."""
    when = finished.results["run"]["finished"]
    if when is not None:
        write_manifest(finished.folder, {**read_manifest(finished.folder), "finished": when})


def look_ahead(prepared: Prepared, options: Options, observer: Observer) -> list[str]:
    """See whether what was prepared can be run, and estimate what that takes, as lines of text.

    Raises:
        SuiteError: no cell is selected, or faults of the data or the models.
    """
    return _machine(prepared, options, observer).look_ahead(prepared.cells)


def _machine(prepared: Prepared, options: Options, observer: Observer) -> Run:
    if not prepared.cells:
        raise SuiteError([UserError(f"{prepared.suite.path}: no cell is selected")])
    return Run(prepared.raw, prepared.suite, prepared.plugins, options=options, observer=observer)


def _analysed(finished: Finished, prepared: Prepared) -> Finished:
    """The run, with how its methods compare, in groups too, and which expectations are met."""
    suite = prepared.suite
    asked = {
        "analysis": suite.analysis.suite_form(),
        "expect": [one.suite_form() for one in suite.expect],
    }
    found = kept_or_made(
        finished.folder, finished.results, asked, lambda: _analyse(finished.folder, suite)
    )
    return _with(finished, found)


def _with(finished: Finished, found: Row) -> Finished:
    """The run with more in its results."""
    results = {**finished.results, **found}
    write_atomically(finished.folder / "results.json", pretty(results))
    return replace(finished, results=results)


def _analyse(folder: Path, suite: Suite) -> Row:
    # Here, since it takes longer to import than a run takes in which nothing is left to do.
    from evalkit.compare.runs import analyse_run

    found: Row = plain(analyse_run(folder, suite.analysis, suite.expect))
    return found


def _nothing(suite: Suite) -> Row:
    """The same where it could not be found out: no expectation is met."""
    why = "the methods were not compared"
    return {"analysis": None, "expectations": unjudged(suite.expect, why), "slices": None}
