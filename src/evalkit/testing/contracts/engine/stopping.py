"""Stop texts."""

# ruff: noqa: D102 - the name of a test says what is promised

import pytest

from evalkit.interfaces import Engine
from evalkit.testing.contracts.engine.base import (
    EngineTests,
    ask,
    completion,
    completions,
    texts,
)

_PLACES = ("first character", "inside a word", "whole word", "across words")


class Stopping(EngineTests):
    """A stop text ends the answer before it, wherever its tokens begin and end."""

    @pytest.mark.parametrize("where", _PLACES)
    def test_stop_texts_end_the_answer_and_are_no_part_of_it(
        self, engine: Engine, where: str
    ) -> None:
        free = self.free_answer(engine).text
        stop = _stop_text(free, where)
        found = completion(engine, ask(self.prompts[0], max_tokens=32, stop=(stop,)))
        assert stop not in found.text, f"the answer {found.text!r} holds the stop text {stop!r}"
        assert found.text.strip() == free.split(stop)[0].strip(), "it does not end at the stop"
        assert found.finish_reason == "stop", f"ended by {found.finish_reason}"

    def test_the_first_of_several_stop_texts_ends_the_answer(self, engine: Engine) -> None:
        free = self.free_answer(engine).text
        stops = (_stop_text(free, "whole word"), free.split()[1], "no such text")
        found = completion(engine, ask(self.prompts[0], max_tokens=32, stop=stops))
        expected = min((free.split(stop)[0] for stop in stops), key=len)
        assert found.text.strip() == expected.strip()

    def test_a_stop_text_that_never_comes_changes_nothing(self, engine: Engine) -> None:
        free = self.free_answer(engine)
        begun = free.text.strip()[-3:] + " and then no such text"
        found = completion(engine, ask(self.prompts[0], max_tokens=32, stop=(begun,)))
        assert found.text == free.text, "the beginning of a stop text was kept back"
        assert found.finish_reason == free.finish_reason

    def test_a_stop_text_concerns_its_own_request_only(self, engine: Engine) -> None:
        self.need_exact()
        free = self.free_answer(engine).text
        stop = _stop_text(free, "whole word")
        batch = [
            ask(self.prompts[0], max_tokens=32, stop=(stop,)),
            ask(self.prompts[0], max_tokens=32),
        ]
        assert texts(engine, batch)[1] == free

    def test_an_empty_answer_is_an_answer(self, engine: Engine) -> None:
        stop = _stop_text(self.free_answer(engine).text, "first character")
        asked = ask(self.prompts[0], max_tokens=32, stop=(stop,))
        found, other = completions(engine, [asked, ask(self.prompts[1])])
        assert (found.text.strip(), found.finish_reason) == ("", "stop")
        assert other.text.strip(), "it took another answer with it"


def _stop_text(text: str, where: str) -> str:
    """A text that occurs in the answer: at its beginning, in a word, as a word, over a space."""
    words = text.split()
    if where == "first character":
        return text.strip()[0]
    if where == "across words":
        space = text.index(words[4], len(" ".join(words[:4]))) - 1
        return text[space - 1 : space + 2]
    middle = max(words[3:-1], key=len)
    return middle if where == "whole word" else middle[1:-1] or middle
