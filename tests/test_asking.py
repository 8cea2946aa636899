"""Questions of a job: each is asked once, and a job that was cut short goes on where it was."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalkit import (
    Attempt,
    Completion,
    Engine,
    EngineError,
    Failure,
    LocalWeights,
    Message,
    Params,
    Request,
    ResolvedModel,
    StopRequested,
)
from evalkit.asking import Asker, Source
from evalkit.journal import FileJournal
from evalkit.predict import Answer


class Scripted(Engine):
    """Answers ``ANSWER WAVE/SIZE``: what depends on the batch, as in low precision."""

    def __init__(self, until: Callable[[], bool] = lambda: False) -> None:
        super().__init__(ResolvedModel(name="m", engine="scripted", revision="1"), Params())
        self.asked: list[list[str]] = []
        self._until = until

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, Answer]]:
        self.asked.append([request.messages[-1].content for request in requests])
        for index, request in enumerate(requests):
            if self._until() or self.journal.stopping:
                return
            text = request.messages[-1].content
            if text == "bad":
                yield index, Failure(reason="no", kind="engine")
            else:
                told = f"{text} {self.journal.wave}/{len(requests)}"
                yield index, Completion(text=told, finish_reason="stop", prompt_tokens=2)


class Memory:
    """A response cache in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def find(self, keys: Sequence[str]) -> dict[str, bytes]:
        return {key: self.kept[key] for key in keys if key in self.kept}

    def keep(self, payloads: Any, *, model: str) -> None:
        self.kept.update(payloads)


class Job:
    """One job, which may be attempted several times."""

    def __init__(self, folder: Path, *, cache: Memory | None = None, **options: Any) -> None:
        self.path = folder / "job.journal"
        self.cache = cache
        self.options = options
        self.events: list[dict[str, Any]] = []
        self.stopping = False

    def attempt(
        self, engine: Engine, *batches: Sequence[Request], independent: bool = False
    ) -> list[Answer]:
        journal = FileJournal(self.path, self.events.append, lambda: self.stopping)  # type: ignore[arg-type]
        options = {"job": "job", "cache": self.cache, **self.options}
        source = Source(
            name="m",
            identity="identity-of-m",
            independent=independent,
            engine=lambda: engine,
            gone=lambda engine: None,
            told=lambda error: EngineError(str(error)),
        )
        answering = Asker(journal, **options).over(source)
        found: list[Answer] = []
        try:
            for batch in batches:
                answers = dict(answering(batch))
                found += [answers[index] for index in range(len(batch))]
        finally:
            journal.close()
        return found


def requests(*texts: str, **settings: Any) -> list[Request]:
    return [
        Request(messages=(Message("system", "s"), Message("user", text)), max_tokens=4, **settings)
        for text in texts
    ]


def texts(answers: Sequence[Answer]) -> list[str]:
    return [answer.text if isinstance(answer, Completion) else "failed" for answer in answers]


def test_equal_greedy_requests_are_asked_once_and_all_are_answered(tmp_path: Path) -> None:
    engine = Scripted()
    answers = Job(tmp_path).attempt(engine, requests("a", "b", "a"), requests("a"))
    assert engine.asked == [["a", "b"]]
    assert texts(answers) == ["a 0/2", "b 0/2", "a 0/2", "a 0/2"]


def test_samples_are_drawn_each_by_itself(tmp_path: Path) -> None:
    engine = Scripted()
    Job(tmp_path).attempt(engine, requests("a", "a", temperature=0.5))
    assert engine.asked == [["a", "a"]]


def test_a_second_attempt_asks_nothing_again(tmp_path: Path) -> None:
    job = Job(tmp_path)
    batch = [*requests("a", "b"), *requests("a", "a", temperature=1.0)]
    first = job.attempt(Scripted(), batch)
    again = Scripted()
    assert job.attempt(again, batch) == first
    assert again.asked == []


def test_a_failure_is_asked_again_with_its_group(tmp_path: Path) -> None:
    job, engine = Job(tmp_path), Scripted()
    assert texts(job.attempt(engine, requests("a", "bad"))) == ["a 0/2", "failed"]
    assert texts(job.attempt(engine, requests("a", "bad"))) == ["a 0/2", "failed"]
    assert engine.asked == [["a", "bad"], ["a", "bad"]]


def test_what_is_independent_is_asked_again_alone(tmp_path: Path) -> None:
    job, engine = Job(tmp_path), Scripted()
    job.attempt(engine, requests("a", "bad"), independent=True)
    job.attempt(engine, requests("a", "bad"), independent=True)
    assert engine.asked == [["a", "bad"], ["bad"]]


@pytest.mark.parametrize("answered", range(7))
@pytest.mark.parametrize("independent", [False, True])
def test_an_attempt_that_is_cut_short_ends_as_if_it_were_not(
    tmp_path: Path, answered: int, independent: bool
) -> None:
    batches = [requests("a", "b", "c"), requests("d", "e", "f", "g")]
    whole = Job(tmp_path / "whole").attempt(Scripted(), *batches, independent=independent)
    job = Job(tmp_path / "cut")
    count = iter(range(100))

    def cut() -> bool:
        job.stopping = job.stopping or next(count) >= answered
        return job.stopping

    with pytest.raises(StopRequested):
        job.attempt(Scripted(cut), *batches, independent=independent)
    job.stopping = False
    engine = Scripted()
    found = job.attempt(engine, *batches, independent=independent)
    if independent:  # asked alone, the rest is told the size of another batch
        assert sum(map(len, engine.asked)) == 7 - answered
    else:
        assert found == whole
    assert not [event for event in job.events if "notice" in event]


def test_groups_grow_and_a_repeated_job_has_the_same_ones(tmp_path: Path) -> None:
    many = requests(*(f"{number:04}" for number in range(1000)))
    job, engine = Job(tmp_path), Scripted()
    job.attempt(engine, many)
    assert [len(group) for group in engine.asked] == [256, 512, 232]
    cut = Job(tmp_path / "cut")
    seen = iter(range(10_000))

    def stop() -> bool:
        cut.stopping = cut.stopping or next(seen) >= 300
        return cut.stopping

    with pytest.raises(StopRequested):
        cut.attempt(Scripted(stop), many)
    cut.stopping = False
    rest = Scripted()
    cut.attempt(rest, many)
    assert [len(group) for group in rest.asked] == [512, 232]


def test_other_arrivals_than_before_are_asked_and_told(tmp_path: Path) -> None:
    job, engine = Job(tmp_path), Scripted()
    job.attempt(engine, requests("a", "bad"))
    job.attempt(engine, requests("bad", "c"))
    assert engine.asked[1] == ["bad", "c"]
    assert "not bit-reproducible" in job.events[-2]["notice"]


class TestCache:
    def test_another_job_is_answered_from_the_cache(self, tmp_path: Path) -> None:
        cache, engine = Memory(), Scripted()
        first = Job(tmp_path / "1", cache=cache, job="one").attempt(engine, requests("a", "b"))
        other = Job(tmp_path / "2", cache=cache, job="two")
        assert other.attempt(engine, requests("b", "a")) == [first[1], first[0]]
        assert len(engine.asked) == 1

    def test_failures_are_never_cached(self, tmp_path: Path) -> None:
        cache = Memory()
        Job(tmp_path, cache=cache).attempt(Scripted(), requests("bad", "a"))
        assert len(cache.kept) == 1

    def test_refresh_asks_anew_and_replaces(self, tmp_path: Path) -> None:
        cache, engine = Memory(), Scripted()
        Job(tmp_path / "1", cache=cache).attempt(engine, requests("a", "b"))
        Job(tmp_path / "2", cache=cache, refresh=True).attempt(engine, requests("a"))
        assert engine.asked == [["a", "b"], ["a"]]
        third = Job(tmp_path / "3", cache=cache).attempt(engine, requests("a"))
        assert texts(third) == ["a 0/1"]

    def test_samples_of_another_job_are_other_samples(self, tmp_path: Path) -> None:
        cache, engine = Memory(), Scripted()
        samples = requests("a", "a", temperature=1.0)
        Job(tmp_path / "1", cache=cache, job="one").attempt(engine, samples)
        Job(tmp_path / "2", cache=cache, job="two").attempt(engine, samples)
        Job(tmp_path / "3", cache=cache, job="one").attempt(engine, samples)
        assert engine.asked == [["a", "a"], ["a", "a"]]

    def test_what_cached_answers_took_is_counted(self, tmp_path: Path) -> None:
        cache = Memory()
        Job(tmp_path / "1", cache=cache).attempt(Scripted(), requests("a"))
        cache.kept = {key: form[:-1] + b"" for key, form in cache.kept.items()}
        cache.kept = {
            key: form[: form.index(b'"took":')] + b'"took":50.0}'
            for key, form in cache.kept.items()
        }
        job = Job(tmp_path / "2", cache=cache)
        job.attempt(Scripted(), requests("a"))
        assert FileJournal(job.path, lambda event: None).seconds >= 50

    @pytest.mark.parametrize(
        "change",
        [
            {"max_tokens": 5},
            {"stop": (".",)},
            {"schema": {"type": "object"}},
            {"choices": ("a", "b")},
            {"temperature": 0.5},
            {"messages": (Message("system", "t"), Message("user", "a"))},
            {"messages": (Message("user", "s"), Message("user", "a"))},
            {"messages": (Message("system", "s"), Message("user", "a "))},
            {"weights": LocalWeights(folder="/a", kind="lora", sha256="1")},
        ],
        ids=str,
    )
    def test_whatever_can_change_an_answer_is_a_miss(
        self, tmp_path: Path, change: dict[str, Any]
    ) -> None:
        cache, engine = Memory(), Scripted()
        (request,) = requests("a")
        Job(tmp_path / "1", cache=cache).attempt(engine, [request])
        Job(tmp_path / "2", cache=cache).attempt(engine, [replace(request, **change)])
        assert len(cache.kept) == 2 or "choices" in change  # which this engine cannot weigh

    def test_weights_are_known_by_their_bytes_not_by_their_place(self, tmp_path: Path) -> None:
        cache, engine = Memory(), Scripted()
        for number, (folder, sha256) in enumerate([("/a", "1"), ("/b", "1"), ("/b", "2")]):
            weights = LocalWeights(folder=folder, kind="lora", sha256=sha256)
            job = Job(tmp_path / str(number), cache=cache)
            job.attempt(engine, requests("a", weights=weights))
        assert len(engine.asked) == 2

    def test_the_seed_of_a_greedy_answer_changes_nothing(self, tmp_path: Path) -> None:
        cache, engine = Memory(), Scripted()
        Job(tmp_path / "1", cache=cache).attempt(engine, requests("a", seed=1))
        Job(tmp_path / "2", cache=cache).attempt(engine, requests("a", seed=2))
        assert len(engine.asked) == 1


def test_every_answer_is_in_the_ledger_unless_the_engine_tells_itself(tmp_path: Path) -> None:
    job = Job(tmp_path)
    job.attempt(Scripted(), requests("a", "b"))
    (event,) = [event["attempt"] for event in job.events]
    assert (event["model"], event["requests"], event["prompt_tokens"]) == ("m", 2, 4)

    class Teller(Scripted):
        def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, Answer]]:
            self.journal.attempt(Attempt(outcome="429", seconds=0.1))
            yield from super().generate(requests)

    other = Job(tmp_path / "other")
    other.attempt(Teller(), requests("a"))
    assert [event["attempt"]["outcome"] for event in other.events] == ["429"]


def test_what_an_engine_raises_is_the_engines_fault(tmp_path: Path) -> None:
    class Broken(Scripted):
        def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, Answer]]:
            yield from list(super().generate(requests))[:1]
            raise RuntimeError("torn")

    job, engine = Job(tmp_path), Scripted()
    with pytest.raises(EngineError, match="torn"):
        job.attempt(Broken(), requests("a", "b"))
    assert texts(job.attempt(engine, requests("a", "b"), independent=True)) == ["a 0/2", "b 1/1"]
    assert engine.asked == [["b"]]
