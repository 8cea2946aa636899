"""The token budget: from the machine, halved when memory runs out, repeated from the journal."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch

from evalkit import EngineError, Journal
from evalkit_transformers.budget import Place
from evalkit_transformers.engine import TransformersEngine
from evalkit_transformers.memory import (
    bytes_per_token,
    column_tokens,
    free_memory,
    is_out_of_memory,
    memory_limit,
    token_budget,
)
from evalkit_transformers.params import TransformersParams
from evalkit_transformers.resident import Resident
from evalkit_transformers.resolve import resolve
from evalkit_transformers.rows import SharedRows

from .tiny_llama import PROSE, ask, make_model

REQUESTS = [
    ask(PROSE[at % 3], max_tokens=limit) for at, limit in enumerate([6, 12, 3, 20, 9, 4, 15, 2])
]


class Noted(Journal):
    """A journal that also keeps what the user was told."""

    def __init__(self, records=None, wave=0):
        super().__init__()
        self.records.update(records or {})
        self.wave = wave
        self.told = []

    def notice(self, text):
        self.told.append(text)


def answers(engine, requests=REQUESTS):
    found = dict(engine.generate(requests))
    return [found[at].text for at in range(len(requests))]


@dataclass
class Memory:
    """Memory for only so many tokens, and the rows and columns that were read within it."""

    tokens: int = 10**9
    reads: list[tuple[int, int]] = field(default_factory=list)


@pytest.fixture
def memory(monkeypatch):
    found = Memory()
    usual = SharedRows.read

    def read(rows, tokens, logits=1):
        if len(tokens) * (rows.seen + tokens.shape[1]) > found.tokens:
            raise torch.OutOfMemoryError("too much")
        found.reads.append(tuple(tokens.shape))
        return usual(rows, tokens, logits)

    monkeypatch.setattr(SharedRows, "read", read)
    return found


@pytest.fixture
def loaded(make_engine):
    """An engine with a budget of 300 tokens, its model in memory."""
    engine = make_engine(batch_tokens=300)
    engine._load()
    return engine


def test_memory_that_runs_out_costs_nothing_but_time_and_is_told(make_engine, loaded, memory):
    expected = answers(make_engine())
    loaded.journal = journal = Noted()
    memory.tokens = 160
    assert answers(loaded) == expected
    assert journal.told == ["model tiny: out of memory at 300 tokens a batch; going on with 150"]


def test_memory_that_runs_out_twice_is_an_error_with_a_way_out(loaded, memory):
    memory.tokens = 0
    with pytest.raises(EngineError, match="tiny: out of memory at 150 tokens") as caught:
        answers(loaded)
    assert "batch-tokens" in caught.value.hint


def test_every_job_may_halve_its_budget_once(loaded, memory):
    memory.tokens = 160
    for _ in range(2):
        loaded.journal = journal = Noted()
        answers(loaded)
        assert len(journal.told) == 1


def test_a_repeated_job_makes_the_same_batches(make_engine, loaded, memory):
    loaded.journal = journal = Noted()
    answers(loaded, REQUESTS[:3])
    journal.wave = 1
    memory.reads.clear()
    found = []
    for index, answer in loaded.generate(REQUESTS):
        found.append((index, answer.text))
        # Memory becomes short once some answers are there.
        memory.tokens = 160 if len(found) >= 3 else 10**9
    shapes = memory.reads[:]
    assert len(journal.told) == 1

    memory.tokens = 10**9
    again = make_engine(batch_tokens=300)
    again._load()
    again.journal = Noted(json.loads(json.dumps(journal.records)))
    answers(again, REQUESTS[:3])
    again.journal.wave = 1
    memory.reads.clear()
    repeated = [(index, answer.text) for index, answer in again.generate(REQUESTS)]
    assert repeated == found
    # After a real lack of memory the prefix, a single row, was read again.
    assert [shape for shape in memory.reads if min(shape) > 1] == [s for s in shapes if min(s) > 1]
    assert again.journal.told == []


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_wave_is_repeated_alike_though_earlier_ones_are_left_out(tiny_folder, memory, dtype):
    """In bfloat16 its answers are the same only if its batches are."""

    def made(journal):
        params = TransformersParams(
            model=str(tiny_folder), dtype=dtype, device="cpu", batch_tokens=300
        )
        engine = TransformersEngine(resolve("tiny", params, print), params)
        engine._load()
        engine.journal = journal
        memory.reads.clear()
        return engine

    first = made(Noted())
    answers(first, REQUESTS[:3])
    first.journal.wave = 1
    answers(first, REQUESTS[3:])
    first.journal.wave = 2
    memory.reads.clear()
    found = []
    for index, answer in first.generate(REQUESTS):
        found.append((index, answer.text))
        memory.tokens = 160 if len(found) >= 3 else 10**9
    shapes = memory.reads[:]
    assert len(first.journal.told) == 1

    memory.tokens = 10**9
    records = json.loads(json.dumps(first.journal.records))
    again = made(Noted(records, wave=2))
    assert [(index, answer.text) for index, answer in again.generate(REQUESTS)] == found
    assert [shape for shape in memory.reads if min(shape) > 1] == [s for s in shapes if min(s) > 1]
    assert again.journal.records == records


def test_what_is_weighed_follows_what_is_generated_in_a_wave(make_engine, memory):
    """Memory that ran out over the choices halves no batch of the answers before them."""
    choosing = [ask(text, choices=("river " * 8, "bread " * 8)) for text in PROSE * 2]

    def wave(engine, short):
        memory.reads.clear()
        found = [answer.text for _, answer in engine.generate(REQUESTS)]
        generated = memory.reads[:]
        memory.tokens = short
        return found + [answer.text for _, answer in engine.score(choosing)], generated

    first = make_engine(batch_tokens=600)
    first._load()
    first.journal = journal = Noted()
    found, generated = wave(first, 80)
    assert journal.records["transformers: tiny: halved"][:2] == [0, 1]

    memory.tokens = 10**9
    again = make_engine(batch_tokens=600)
    again._load()
    again.journal = Noted(journal.records)
    assert wave(again, 10**9) == (found, generated)


def test_places_follow_each_other_over_several_sets_of_weights():
    """Otherwise a halving of the second set would be taken for one of the first."""
    place = Place(4, 0, 0)
    assert Place(3, 1, 9) < place < place.after() < Place(4, 1, 0)


class Stopping(Noted):
    """Says that the user asked to stop, once it was asked so many times."""

    def __init__(self, after):
        super().__init__()
        self.after = after
        self.looks = 0

    @property
    def stopping(self):
        self.looks += 1
        return self.looks > self.after


def test_a_stop_drops_what_is_being_written_after_the_next_step(make_engine, memory):
    engine = make_engine()
    whole = answers(engine)
    counts = []
    for after in (0, 4, 9, 16):
        engine.journal = Stopping(after)
        memory.reads.clear()
        found = dict(engine.generate(REQUESTS))
        assert all(answer.text == whole[at] for at, answer in found.items())
        # In one step, rows may be read that go on, and others that enter.
        assert len(memory.reads) <= 2 * after, "a step without a look whether to go on"
        counts.append(len(found))
    assert counts[0] == 0 < counts[-1] < len(REQUESTS)
    engine.journal = Noted()
    assert answers(engine) == whole


def test_a_stop_comes_before_the_model_is_loaded(make_engine):
    engine = make_engine()
    engine.journal = Stopping(0)
    assert list(engine.generate(REQUESTS)) == []
    assert engine._resident is None


def test_a_stop_comes_between_batches_of_choices(make_engine):
    engine = make_engine(batch_tokens=1)
    choosing = [ask(text, choices=("a", "b")) for text in PROSE]
    engine.journal = Stopping(5)
    assert 0 < len(list(engine.score(choosing))) < len(choosing)


def test_a_repeated_job_keeps_the_budget_that_was_measured(make_engine, memory, monkeypatch):
    monkeypatch.setattr("evalkit_transformers.engine.token_budget", lambda model: 300)
    engine = make_engine()
    engine._load()
    memory.reads.clear()
    engine.journal = journal = Noted()
    answers(engine)
    shapes = memory.reads[:]
    monkeypatch.setattr("evalkit_transformers.engine.token_budget", lambda model: 60)
    again = make_engine()
    again._load()
    memory.reads.clear()
    again.journal = Noted(journal.records)
    answers(again)
    assert memory.reads == shapes


def test_the_budget_fits_the_memory_that_is_free(monkeypatch):
    model = make_model()
    assert bytes_per_token(model) == 2 * 2 * 8 * 2 * 4
    assert free_memory(torch.device("cpu")) > 10**8
    assert token_budget(model) == 16_384
    for free, budget in ((5_000 * 256 / 0.45 + 1, 5_000), (10, 1_024)):
        monkeypatch.setattr("evalkit_transformers.memory.free_memory", lambda device, f=free: f)
        assert token_budget(model) == budget


CHILD = """
import json, resource, sys
from evalkit import Journal
from evalkit_transformers.engine import TransformersEngine
from evalkit_transformers.params import TransformersParams
from evalkit_transformers.resolve import resolve
from tests.tiny_llama import PROSE, ask

COUNT = 900
folder, spare = sys.argv[1], int(sys.argv[2])
requests = [ask(f"{at} " + PROSE[at % 3] * 3, max_tokens=3) for at in range(COUNT)]
params = TransformersParams(model=folder, dtype="float32", device="cpu", batch_tokens=100_000)
engine = TransformersEngine(resolve("tiny", params, print), params)
list(engine.generate(requests[:2]))
told = []
engine.journal = Journal()
engine.journal.notice = told.append
if spare:
    pages = int(open("/proc/self/statm").read().split()[0])
    most = pages * resource.getpagesize() + spare
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
found = dict(engine.generate(requests))
texts = [found[at].text for at in range(COUNT)]
print(json.dumps({"texts": texts, "told": told}))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_a_real_lack_of_memory_is_overcome(tiny_folder):
    def run(spare):
        done = subprocess.run(
            [sys.executable, "-c", CHILD, str(tiny_folder), str(spare)],
            cwd=Path(__file__).parents[1],
            # Freed memory is to go back at once, so that what is taken follows the budget.
            env={**os.environ, "OMP_NUM_THREADS": "1", "MALLOC_MMAP_THRESHOLD_": "65536"},
            capture_output=True,
            text=True,
            timeout=100,
        )
        if done.returncode and "out of memory at 50000 tokens a batch" in done.stderr:
            return None  # half of the budget was too much as well
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    plenty = run(0)
    assert plenty["told"] == []
    # The whole budget takes about 160 MB, half of it 80; torch's own needs differ by machine.
    tries = (run(mega * 1_000_000) for mega in (110, 125, 140, 155, 95))
    little = next(found for found in tries if found is not None and found["told"])
    assert len(little["told"]) == 1
    assert little["texts"] == plenty["texts"]


def test_other_faults_of_the_model_are_not_taken_for_a_lack_of_memory(make_engine, monkeypatch):
    def broken(resident, family):
        raise RuntimeError("shapes do not match")
        yield

    monkeypatch.setattr(Resident, "write", broken)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        answers(make_engine())


def test_a_budget_is_recorded_once_a_job(make_engine):
    @dataclass
    class Counted(Noted):
        written: list[str] = field(default_factory=list)

        def __post_init__(self):
            super().__init__()

        def record(self, key, value):
            self.written.append(key)
            super().record(key, value)

    engine = make_engine()
    engine.journal = Counted()
    answers(engine)
    answers(engine)
    assert len(engine.journal.written) == 1


def test_a_container_limits_what_may_be_used(tmp_path):
    limit = tmp_path / "memory.max"
    everything = memory_limit([limit])
    limit.write_text("1000000\n")
    assert memory_limit([limit]) == 1_000_000
    limit.write_text("max\n")
    assert memory_limit([limit]) == everything


def test_the_logits_of_choices_count_against_the_budget():
    model = make_model()
    width = model.config.vocab_size * 4
    assert (column_tokens(model) - 1) * bytes_per_token(model) < width
    assert column_tokens(model) * bytes_per_token(model) >= width


@pytest.mark.parametrize(
    "said",
    [
        "CUDA error: out of memory",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory",
    ],
)
def test_a_lack_of_memory_is_known_by_its_words(said):
    assert is_out_of_memory(RuntimeError(said))
    assert not is_out_of_memory(RuntimeError("shapes do not match"))
