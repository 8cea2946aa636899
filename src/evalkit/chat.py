"""What every engine and trainer must do alike with a chat before the model's template gets it."""

from collections.abc import Sequence
from typing import Any

from evalkit.records import Message

_MARK = "what the system says"


def fold_system(messages: Sequence[Message]) -> list[Message]:
    """The chat for a template that knows no system turn: it opens the first user turn.

    An engine and a method that trains weights both use this, so that the model is trained on
    the prompt that it will be asked with. A chat without a user turn gets one.
    """
    system = "\n\n".join(turn.content for turn in messages if turn.role == "system")
    turns = [turn for turn in messages if turn.role != "system"]
    if not system:
        return turns
    first = next((at for at, turn in enumerate(turns) if turn.role == "user"), None)
    if first is None:
        return [Message("user", system), *turns]
    turns[first] = Message("user", f"{system}\n\n{turns[first].content}")
    return turns


class ChatTemplate:
    """A model's own chat template, by which engines ask it and methods train it.

    A template without a place for a system turn gets it at the top of the first user turn.
    """

    def __init__(self, tokenizer: Any, refusal: type[Exception]) -> None:
        """Try the template on a system turn.

        Args:
            tokenizer: has ``apply_chat_template`` and ``encode``, as transformers' have.
            refusal: what the template raises for a chat that it does not take.
        """
        self._tokenizer = tokenizer
        self._knows_system = True
        try:
            shown = self.text([Message("system", _MARK), Message("user", "hello")], answer=False)
        except refusal:
            shown = ""
        self._knows_system = _MARK in shown

    def text(self, messages: Sequence[Message], *, answer: bool) -> str:
        """The chat as text; with `answer`, up to where the model's answer begins."""
        turns = messages if self._knows_system else fold_system(messages)
        chat = [{"role": turn.role, "content": turn.content} for turn in turns]
        return str(
            self._tokenizer.apply_chat_template(chat, add_generation_prompt=answer, tokenize=False)
        )

    def tokens(self, messages: Sequence[Message]) -> list[int]:
        """The ids of a chat up to where the model's answer begins.

        Raises:
            UnicodeEncodeError: a turn holds a lone surrogate, which is no text.
            Exception: the template refuses the chat, for instance the order of its roles.
        """
        for turn in messages:
            turn.content.encode()
        return self.plain(self.text(messages, answer=True))

    def plain(self, text: str) -> list[int]:
        """The ids of a text, without special tokens around it: a template writes them itself.

        Raises:
            UnicodeEncodeError: it holds a lone surrogate, which is no text.
        """
        text.encode()
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        return ids
