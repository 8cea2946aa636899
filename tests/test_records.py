"""Records: frozen, keyword-only, plain data; the error tree that goes with them."""

import dataclasses
import inspect

import pytest

from evalkit import (
    AdaptationError,
    Completion,
    DataError,
    EngineError,
    EvalkitError,
    Failure,
    JobError,
    Message,
    ModelError,
    PluginError,
    Request,
    StopRequested,
    SuiteError,
    Usage,
    UserError,
    errors,
    records,
)

CLASSES = [
    c for _, c in inspect.getmembers(records, inspect.isclass) if c.__module__ == records.__name__
]
POSITIONAL = {"Message", "Demo"}  # short, and written by hand in every test


@pytest.mark.parametrize("record", CLASSES, ids=lambda c: c.__name__)
class TestEveryRecord:
    def test_is_a_frozen_dataclass_with_slots(self, record):
        assert record.__dataclass_params__.frozen
        assert hasattr(record, "__slots__")

    def test_is_made_by_keyword(self, record):
        assert record.__name__ in POSITIONAL or all(f.kw_only for f in dataclasses.fields(record))

    def test_explains_every_field(self, record):
        text = inspect.getdoc(record)
        missing = [f.name for f in dataclasses.fields(record) if f"{f.name}:" not in text]
        assert not missing

    def test_has_at_most_twelve_fields(self, record):
        assert len(dataclasses.fields(record)) <= 12


def test_a_record_does_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Message("user", "a").content = "b"


def test_requests_that_are_equal_are_the_same_key():
    one, other = (Request(messages=(Message("user", "a"),), max_tokens=4) for _ in range(2))
    assert len({one, other}) == 1


class TestUsage:
    def test_of_a_completion(self):
        completion = Completion(
            text="", finish_reason="stop", prompt_tokens=7, completion_tokens=2, cached_tokens=5
        )
        usage = Usage(requests=1, prompt_tokens=7, completion_tokens=2, cached_tokens=5)
        assert Usage.of(completion) == usage

    def test_adds_up(self):
        one = Usage(requests=1, prompt_tokens=2, completion_tokens=3, cached_tokens=4)
        other = Usage(requests=10, prompt_tokens=20, completion_tokens=30, cached_tokens=40)
        both = Usage(requests=11, prompt_tokens=22, completion_tokens=33, cached_tokens=44)
        assert one.plus(other) == other.plus(one) == both
        assert one.plus(Usage()) == one


class TestErrors:
    def test_the_tree_is_as_drawn(self):
        tree = {
            UserError: EvalkitError,
            JobError: EvalkitError,
            SuiteError: UserError,
            DataError: UserError,
            ModelError: UserError,
            PluginError: UserError,
            EngineError: JobError,
            AdaptationError: JobError,
            StopRequested: KeyboardInterrupt,
        }
        for error, parent in tree.items():
            assert error.__bases__ == (parent,)
            assert error.__name__ in errors.__doc__
        defined = {c for _, c in inspect.getmembers(errors, inspect.isclass)}
        assert defined == {*tree, EvalkitError}

    def test_a_hint_is_indented_below(self):
        error = DataError("rows.csv:3: no target", "columns: text, label\nname one")
        assert str(error) == "rows.csv:3: no target\n  columns: text, label\n  name one"
        assert (error.message, error.hint) == (
            "rows.csv:3: no target",
            "columns: text, label\nname one",
        )

    def test_without_a_hint_it_is_the_message(self):
        assert str(EngineError("gone")) == "gone"

    def test_a_suite_error_shows_all_problems(self):
        error = SuiteError([UserError("one", "do this"), UserError("two")])
        assert str(error) == "one\n  do this\ntwo"
        assert [problem.message for problem in error.problems] == ["one", "two"]


def test_a_failure_says_why_and_who():
    failure = Failure(reason="no", kind="engine")
    assert (failure.reason, failure.kind, failure.hint) == ("no", "engine", "")
