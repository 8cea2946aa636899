"""What holds for every test process; fixtures stand beside the tests that use them."""

import gc
import os

import pytest

# The processes of `make test` share the cores among them, and what they start must not ask for
# all cores again. It has to be said before the first library that computes is loaded.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Let garbage collection pass over what is loaded by now: the libraries and the tests.

    Every run of a suite ends with a full collection. A process that tests all plugins holds
    millions of objects, and looking at them takes longer than a run with the fakes.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_response_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test be answered by another one; those of the cache switch it on again."""
    monkeypatch.setenv("EVALKIT_CACHE_SIZE", "0")


@pytest.fixture(autouse=True)
def _no_default_reporters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs write no report that their suite does not name; it would take most of the time."""
    monkeypatch.setenv("EVALKIT_DEFAULT_REPORTERS", "")
