"""Chats to token ids, by the model's own template."""

from collections.abc import Sequence
from typing import Any

from jinja2 import TemplateError

from evalkit import Message, fold_system


class ChatRenderer:
    """Renders chats; knows whether the template has a place for a system message."""

    def __init__(self, tokenizer: Any) -> None:
        """Try the template of a transformers tokenizer on a system message."""
        self._tokenizer = tokenizer
        self._knows_system = self._renders_system()

    def tokens(self, messages: Sequence[Message]) -> list[int]:
        """The ids of a chat up to where the answer begins.

        A template without a place for a system message gets it at the top of the first user turn.

        Raises:
            TemplateError: the template refuses the chat, for instance the order of its roles.
            UnicodeEncodeError: a message holds a lone surrogate, which is no text.
        """
        turns = messages if self._knows_system else fold_system(messages)
        for turn in turns:
            turn.content.encode()
        # The template writes the special tokens itself.
        return self.plain(self._text([(turn.role, turn.content) for turn in turns], answer=True))

    def plain(self, text: str) -> list[int]:
        """The ids of a text, without special tokens around it.

        Raises:
            UnicodeEncodeError: it holds a lone surrogate, which is no text.
        """
        text.encode()
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        return ids

    def _text(self, turns: Sequence[tuple[str, str]], *, answer: bool) -> str:
        return str(
            self._tokenizer.apply_chat_template(
                [{"role": role, "content": content} for role, content in turns],
                add_generation_prompt=answer,
                tokenize=False,
            )
        )

    def _renders_system(self) -> bool:
        """Whether the text of a system message comes out of the template."""
        marker = "what the system says"
        try:
            return marker in self._text([("system", marker), ("user", "hello")], answer=False)
        except TemplateError:
            return False
