"""The output folder: finished jobs by identity, and run folders that refer to them.

::

    runs/
        jobs/KIND/IDENTITY/     a finished job: its files, and job.json with what it took
        jobs/.unfinished/       jobs that are being written; appear above by rename. What an
                                attempt leaves there for the next one outlives a kill:
                                KIND-IDENTITY.journal, .checkpoints/ and, while one runs, .lock
        20261120-120000-webnlg/ a run: manifest.json, results.json, predictions/, ...
        latest                  link to the newest run
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from evalkit.confined import check_content
from evalkit.errors import StopRequested, UserError
from evalkit.locks import Lock
from evalkit.serialization import pretty
from evalkit.strict import misfits, strict_json

_JOB_FILE = "job.json"
_LONG_AGO_S = 60.0
NOT_WHOLE = "the run folder is not whole, or of an older version: run the suite again"
"""What to do about a file that a run folder lacks."""
_OURS = ".evalkit-"
"""How the names of files begin that are about to be renamed."""

_LOOK_EVERY_S, _TRIES_UNTOLD = 0.05, 3
"""How often to look whether a job is free, and when to tell that it is not."""

Stopping = Callable[[], bool]
"""Whether the user asked to stop."""
_SHOWN = 3


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that a reader, or a crash, meets the old content or the new."""
    temporary = path.with_name(f"{_OURS}{path.name}.{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from None
    sync(path.parent)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an error that names no file, as a full disk's may, name this one."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename2 or error.filename or str(path)
        raise


def sync(path: Path) -> None:
    """Wait until the disk has a file, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        os.close(descriptor)


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file of a run folder.

    Raises:
        UserError: it is missing or damaged.
    """
    try:
        content = strict_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}", NOT_WHOLE) from None
    except ValueError as error:
        raise UserError(f"{path}: damaged: {error}", "run the suite again") from None
    if not isinstance(content, dict):
        raise UserError(f"{path}: damaged: no JSON object", "run the suite again")
    return content


def check_shape(path: Path, content: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """See that a file holds what it should.

    Raises:
        UserError: it does not; names the first places.
    """
    found = list(islice(misfits(content, schema), _SHOWN + 1))
    if found:
        more = "; ..." if len(found) > _SHOWN else ""
        what = f"{path}: damaged: {'; '.join(found[:_SHOWN])}{more}"
        raise UserError(what, "run the suite again")


class Store:
    """Finished jobs, by kind and identity."""

    def __init__(self, root: Path) -> None:
        """Use `root`, which need not exist yet."""
        self.root = root.resolve()
        self._known: dict[str, tuple[int, int]] = {}

    def check(self) -> None:
        """Make the folder.

        Raises:
            UserError: it cannot be made or written.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            probe = self.root / f"{_OURS}probe.{os.getpid()}"
            probe.touch()
            probe.unlink()
            self._sweep()
        except OSError as error:
            raise UserError(
                f"{self.root}: the output folder cannot be written: {error.strerror}",
                "choose another with --output-dir",
            ) from None

    def _sweep(self) -> None:
        """Remove what processes that are gone left, but for what a next attempt goes on from."""
        for path in [*self.root.glob(f"{_OURS}*"), *self.root.glob(f"2*/{_OURS}*")]:
            owner = re.search(r"\.(\d+)$", path.name)  # files that were not renamed
            if owner and not is_alive(int(owner[1])):
                path.unlink(missing_ok=True)
        for folder in self.root.glob("2*-*"):  # made by a run that was killed in that moment
            ours = re.match(r"\d{8}-\d{6}-", folder.name)
            if ours and time.time() - folder.stat().st_mtime > _LONG_AGO_S:
                with contextlib.suppress(OSError):  # it is not empty
                    folder.rmdir()
        for manifest in self.root.glob("2*/manifest.json"):
            lock = Lock(manifest.with_name(".lock"))
            if lock.exists() and lock.take():  # else somebody is at that run
                lock.give_back()
        left = [path.name for path in (self.root / "jobs" / ".unfinished").glob("*")]
        for name in {".".join(re.split(r"[-.]", name)[:2]) for name in left}:
            self._sweep_job(*name.partition(".")[::2])

    def _sweep_job(self, kind: str, identity: str) -> None:
        """The same of a job, unless somebody is at it."""
        lock = Lock(self._lock_file(kind, identity))
        if lock.take():
            for staged in self._lock_file(kind, identity).parent.glob(f"{kind}-{identity}-*"):
                shutil.rmtree(staged, ignore_errors=True)
            if self._is_over(kind, identity):
                self.forget_attempts(kind, identity)
            lock.give_back()

    def _is_over(self, kind: str, identity: str) -> bool:
        """Whether the job was finished by a process that did not come to clearing up after it."""
        note = self.finished(kind, identity)
        if note is None or note.get("failures"):
            return False
        finished = (self.folder(kind, identity) / _JOB_FILE).stat().st_mtime_ns
        left = (self.journal(kind, identity), self.checkpoints(kind, identity))
        return all(path.stat().st_mtime_ns <= finished for path in left if path.exists())

    def folder(self, kind: str, identity: str) -> Path:
        """Where a finished job is, or will be."""
        return self.root / "jobs" / kind / identity

    def finished(self, kind: str, identity: str) -> dict[str, Any] | None:
        """What a finished job noted (``job.json``), or None if it is not finished, or damaged."""
        folder = self.folder(kind, identity)
        try:
            note: dict[str, Any] = json.loads((folder / _JOB_FILE).read_text(encoding="utf-8"))
            hashes = note["hashes"]
            whole = all(self._is(folder / name, sha256) for name, sha256 in hashes.items())
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        return note if whole and note.get("note_sha256") == _note_sha256(note) else None

    def notes(self, kind: str) -> Iterator[dict[str, Any]]:
        """What the jobs of a kind noted. Their files are not looked at: for estimates alone."""
        for path in sorted((self.root / "jobs" / kind).glob(f"*/{_JOB_FILE}")):
            with contextlib.suppress(UserError):
                yield read_object(path)

    def _is(self, path: Path, sha256: str) -> bool:
        """Whether a file has this hash; one that did, and was not written since, has it still."""
        stat = path.stat()
        seen = (stat.st_mtime_ns, stat.st_size)
        if self._known.get(f"{path} {sha256}") != seen:
            if file_sha256(path) != sha256:
                return False
            self._known[f"{path} {sha256}"] = seen
        return True

    def unfinished(self, kind: str, identity: str) -> Path:
        """Where this process writes a job until it is finished."""
        return self.root / "jobs" / ".unfinished" / f"{kind}-{identity}-{os.getpid()}"

    def journal(self, kind: str, identity: str) -> Path:
        """Where what a job decides is kept until it is finished, by whatever process."""
        return self.root / "jobs" / ".unfinished" / f"{kind}-{identity}.journal"

    def checkpoints(self, kind: str, identity: str) -> Path:
        """Where an attempt at a job leaves what the next one can go on from."""
        return self.root / "jobs" / ".unfinished" / f"{kind}-{identity}.checkpoints"

    def _lock_file(self, kind: str, identity: str) -> Path:
        return self.root / "jobs" / ".unfinished" / f"{kind}-{identity}.lock"

    def forget_checkpoints(self, kind: str, identity: str) -> None:
        """Let the next attempt at a job begin anew."""
        shutil.rmtree(self.checkpoints(kind, identity), ignore_errors=True)

    def forget_attempts(self, kind: str, identity: str) -> None:
        """Remove all that earlier attempts at a job left."""
        self.forget_checkpoints(kind, identity)
        self.journal(kind, identity).unlink(missing_ok=True)

    @contextmanager
    def locked(
        self, kind: str, identity: str, *, notice: Callable[[str], None], stopping: Stopping
    ) -> Iterator[None]:
        """Keep others from a job meanwhile, once they are done with it.

        Raises:
            StopRequested: the user asked to stop while others were waited for.
        """
        lock = Lock(self._lock_file(kind, identity))
        tries = 0
        while not lock.take():
            if stopping():
                raise StopRequested
            tries += 1
            if tries == _TRIES_UNTOLD:
                holder = lock.holder.get("process", "another process")
                notice(f"waiting for process {holder}, which does the same job")
            time.sleep(_LOOK_EVERY_S)
        try:
            yield
        finally:
            lock.give_back()

    def stage(self, kind: str, identity: str) -> Path:
        """An empty folder in which to write a job."""
        folder = self.unfinished(kind, identity)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def seal(self, staged: Path, kind: str, identity: str, note: Mapping[str, Any]) -> None:
        """Publish a staged job under its identity, in place of an older one if there is any.

        Its note gets the sizes and hashes of its files, and a hash of itself.

        Raises:
            OSError: it cannot be written.
        """
        paths = [path for path in sorted(staged.rglob("*")) if path.is_file()]
        names = {path.relative_to(staged).as_posix(): path for path in paths}
        whole = {
            **note,
            "files": {name: path.stat().st_size for name, path in names.items()},
            "hashes": {name: file_sha256(path) for name, path in names.items()},
        }
        for path in [*paths, *(path for path in staged.rglob("*") if path.is_dir())]:
            sync(path)
        whole = json.loads(pretty(whole))
        write_atomically(staged / _JOB_FILE, pretty({**whole, "note_sha256": _note_sha256(whole)}))
        target = self.folder(kind, identity)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            aside = staged.with_name(f"{staged.name}.old")
            shutil.rmtree(aside, ignore_errors=True)
            target.rename(aside)
            staged.rename(target)
            shutil.rmtree(aside, ignore_errors=True)
        else:
            try:
                staged.rename(target)
            except OSError:  # another process may have done the same job meanwhile
                if self.finished(kind, identity) is None:
                    raise
        sync(target.parent)

    def discard(self, staged: Path) -> None:
        """Remove a staged job that failed."""
        shutil.rmtree(staged, ignore_errors=True)


def _note_sha256(note: Mapping[str, Any]) -> str:
    """Hash of a note without the hash that it holds."""
    form = {key: value for key, value in note.items() if key != "note_sha256"}
    return hashlib.sha256(pretty(form).encode("utf-8")).hexdigest()


def file_sha256(path: Path) -> str:
    """Hash of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_alive(process: object) -> bool:
    """Whether a process with this id runs on this machine."""
    if not isinstance(process, int) or process <= 0:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def new_run(root: Path, suite_name: str) -> Path:
    """Make a run folder with a name of its own, even within one second."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for attempt in range(1, 1000):
        suffix = "" if attempt == 1 else f"-{attempt}"
        folder = root / f"{stamp}-{suite_name}{suffix}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise UserError(f"{root}: too many runs of {suite_name} in one second")


def point_latest(folder: Path) -> None:
    """Let ``latest`` beside a run folder point at it."""
    link = folder.parent / "latest"
    temporary = folder.parent / f"{_OURS}latest.{os.getpid()}"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(folder.name)
    temporary.replace(link)


def runs(root: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Run folders with their manifests, newest first."""
    for path in sorted(root.glob("*/manifest.json"), reverse=True):
        if not path.parent.is_symlink():
            try:
                yield path.parent, read_object(path)
            except UserError:
                continue


def find_run(text: str) -> Path:
    """The run folder that a user means by a path.

    Raises:
        UserError: there is none, or it holds a link that leaves it.
    """
    folder = Path(text)
    if (folder / "results.json").is_file():
        check_content(folder)
        return folder.resolve()
    if (folder / "manifest.json").is_file():
        what = f"{text}: this run has no results yet"
        raise UserError(what, "run its suite again: it goes on where it stopped")
    nearby = [str(path) for path, _ in runs(Path("runs"))][:5]
    raise UserError(
        f"{text}: no run folder (it has no results.json)",
        f"newest runs here: {', '.join(nearby) or 'none'}",
    )
