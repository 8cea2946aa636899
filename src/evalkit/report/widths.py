"""How wide a text is on a terminal."""

from rich.cells import cell_len


def width_of(text: str) -> int:
    """How many columns of a terminal a text takes; some characters take two, some none."""
    return cell_len(text)


def padded(text: str, width: int, *, right: bool = False) -> str:
    """The text filled up with blanks, on its left if it is set to the right."""
    blanks = " " * (width - width_of(text))
    return blanks + text if right else text + blanks
