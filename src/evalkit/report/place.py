"""Where reports are written: seen beforehand, and shown to the user afterwards."""

from pathlib import Path

from evalkit.errors import UserError


def check_place(path: Path) -> None:
    """See that a file can be written there, before anything is run.

    Raises:
        UserError: it cannot; or it is a device or a pipe, which a file would replace.
    """
    place = path.resolve()  # of a link to nothing yet, the link is to stay
    existed = place.exists()
    if existed and not place.is_dir() and not place.is_file():
        raise UserError(f"{path}: cannot be written: no plain file", "name a file")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.open("a").close()
        if not existed:
            place.unlink()
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror}") from None


def shown_place(path: Path) -> str:
    """A path as a user would write it: from the working directory, if it is below that."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
