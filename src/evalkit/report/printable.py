"""Texts of models, plugins and files, made fit for a terminal, or for a reader who went away."""

import os
from typing import IO


def printable(text: str) -> str:
    """The text without control characters, which could steer a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in text)


def say(text: str, stream: IO[str]) -> None:
    """Print a line at once; if nobody reads the stream any more, what is said is dropped."""
    try:
        print(text, file=stream, flush=True)
    except BrokenPipeError:
        drop(stream)


def drop(stream: IO[str]) -> None:
    """Drop whatever is written to a stream from now on: a run outlives its readers."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
