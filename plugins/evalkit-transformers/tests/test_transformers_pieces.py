"""The parts that need no model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit_transformers.batching import Need, Queue, batches
from evalkit_transformers.hardware import cpu_multiplies_bfloat16, device_for, dtype_for
from evalkit_transformers.prefix import common, families


@given(st.lists(st.integers(1, 50), max_size=30), st.integers(1, 200))
def test_batches_hold_every_item_once_and_keep_the_budget(lengths, budget):
    found = batches(lengths, budget)
    assert sorted(at for batch in found for at in batch) == list(range(len(lengths)))
    for batch in found:
        longest = max(lengths[at] for at in batch)
        assert len(batch) == 1 or len(batch) * longest <= budget


def test_batches_put_similar_lengths_together_longest_first():
    assert batches([1, 9, 2, 10], 20) == [[3, 1], [2, 0]]


def test_a_queue_fills_the_places_beside_what_is_there():
    queue = Queue([Need(4, 6), Need(3, 6), Need(20, 6), Need(2, 6)], budget=30)
    assert queue.enter() == [2]
    assert queue.enter() == [0, 1, 3]
    assert queue.enter() == []


def test_a_queue_counts_what_is_there_at_its_widest():
    needs = [Need(4, 6)] * 5
    assert Queue(needs, budget=40).enter(1, Need(8, 2)) == [0]
    assert Queue(needs, budget=42).enter(1, Need(8, 2)) == [0, 1]
    assert Queue(needs, budget=40).enter(1, Need(34, 2)) == []


COMMON, FIRST, SECOND = [1] * 10, [2] * 40, [3] * 40


def test_prompts_that_share_much_more_are_a_family_of_their_own():
    prompts = [
        [*COMMON, *FIRST, 7],
        [*COMMON, *SECOND, 7],
        [*COMMON, *FIRST, 8],
        [*COMMON, 9],
        [*COMMON, *FIRST, 9],
    ]
    assert families(prompts, worth=80) == [(50, [0, 2, 4]), (10, [1, 3])]
    assert families(prompts, worth=81) == [(10, [0, 1, 2, 3, 4])]


def test_the_last_of_its_kind_shares_what_all_do():
    prompts = [[*COMMON, *FIRST, 7], [*COMMON, 5, 6], [*COMMON, *FIRST, 8]]
    assert families(prompts, worth=1) == [(50, [0, 2]), (10, [1])]


def test_a_single_prompt_has_its_start_as_prefix():
    assert families([[1] * 256], worth=1) == [(0, [0])]
    assert families([[1] * 700], worth=1) == [(512, [0])]
    assert families([[1] * 5000], worth=1) == [(4096, [0])]


@given(st.lists(st.lists(st.integers(1, 2), min_size=1, max_size=60), min_size=1, max_size=12))
def test_every_prompt_is_in_one_family_and_keeps_a_token(prompts):
    found = families(prompts, worth=2)
    assert sorted(at for _, places in found for at in places) == list(range(len(prompts)))
    for shared, places in found:
        assert len({tuple(prompts[at][:shared]) for at in places}) == 1
        assert all(len(prompts[at]) > shared for at in places)


@pytest.mark.parametrize(
    ("prompts", "shared"),
    [
        ([[1, 2, 3, 4], [1, 2, 5]], 2),
        ([[1, 2, 3], [1, 2, 3, 4]], 2),
        ([[1, 2, 3], [1, 2, 3]], 2),
        ([[1, 2, 3]], 0),
        ([[1], [1, 2]], 0),
        ([[4, 2], [1, 2]], 0),
        ([[1, 2, 9], [1, 3, 9], [1, 2, 9]], 1),
    ],
)
def test_the_common_prefix_leaves_every_prompt_a_token(prompts, shared):
    assert common(prompts) == shared


@pytest.mark.parametrize(
    ("flags", "fast"), [("fpu avx2", False), ("fpu avx512_bf16", True), ("amx_bf16 fpu", True)]
)
def test_bfloat16_is_chosen_where_the_processor_multiplies_it(tmp_path, flags, fast):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor : 0\nflags\t\t: {flags}\n")
    assert cpu_multiplies_bfloat16(cpuinfo) is fast


def test_hardware_that_cannot_be_read_counts_as_plain(tmp_path):
    assert not cpu_multiplies_bfloat16(tmp_path / "missing")


def test_what_the_suite_says_of_the_hardware_holds(monkeypatch):
    assert (device_for("cpu"), dtype_for("float16", "cpu")) == ("cpu", "float16")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert device_for("auto") == "cpu"
    assert dtype_for("auto", "cuda") == "bfloat16"
