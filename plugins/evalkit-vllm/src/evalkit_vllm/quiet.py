"""Starts vLLM without a word on the terminal, and finds the reason in its log if it fails.

vLLM computes in child processes, which inherit environment and standard streams when they are
started. What they say goes to a log, as long as they live; nothing of it is shown unless they
fail. The environment and the streams of this process are put back afterwards.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

SETTINGS = {
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_LOGGING_STREAM": "ext://sys.stderr",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",  # the model's folder is all there is
    "TQDM_DISABLE": "1",
    "VLLM_WORKER_SHUTDOWN_TIMEOUT_SECONDS": "1",  # they have nothing to finish
}

MOST_CHARACTERS = 300
"""Of a reason: vLLM may list every tensor of a model."""

_FAULT = re.compile(r"\b\w*(?:Error|Exception)\w*: (.+)$", re.MULTILINE)
_POINTERS = re.compile(r"see .*(root cause|stack trace)|initialization failed", re.IGNORECASE)


@contextmanager
def quietly(log: IO[bytes], **settings: str) -> Iterator[None]:
    """Let what is started here, and all its children, write to `log`.

    Args:
        log: a file opened for appending.
        settings: more environment variables for what is started, unless the user has set them.
    """
    environment = dict(os.environ)
    for name, value in {**SETTINGS, **settings}.items():
        os.environ.setdefault(name, value)
    sys.stdout.flush()
    sys.stderr.flush()
    streams = {number: os.dup(number) for number in (1, 2)}
    try:
        for number in streams:
            os.dup2(log.fileno(), number)
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, kept in streams.items():
            os.dup2(kept, number)
            os.close(kept)
        os.environ.clear()
        os.environ.update(environment)


def reason(log: IO[bytes]) -> str:
    """The first error of a log that is more than a pointer to another, shortened if need be.

    Empty if there is none.
    """
    log.seek(0)
    text = log.read().decode("utf-8", errors="replace")
    faults = (found[1].strip() for found in _FAULT.finditer(text))
    found = next((fault for fault in faults if not _POINTERS.search(fault)), "")
    return found if len(found) <= MOST_CHARACTERS else f"{found[:MOST_CHARACTERS]} ..."
