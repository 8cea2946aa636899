"""Training texts: the prompt exactly as prediction sends it, then the target, then a full stop.

Only the completion (the target's tokens and those that end the turn) is learned. It ends with a
token at which the engine stops, even where the template ends a turn with another one. The
prompt's tokens are those of the chat template with its generation prompt, so that the model is
trained on the very prefix that it will be asked to continue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError

from evalkit import AdaptationError, ChatTemplate, Message

_PROBE = "a text that no template contains"


@dataclass(frozen=True, slots=True)
class Text:
    """One training text as tokens.

    Attributes:
        ids: tokens of prompt and completion.
        prompt_length: how many of them are the prompt's, which is not learned.
    """

    ids: tuple[int, ...]
    prompt_length: int

    @property
    def learned(self) -> int:
        """How many tokens are learned."""
        return len(self.ids) - self.prompt_length


class ChatEncoder:
    """Turns chats into training texts with the chat template of a tokenizer."""

    def __init__(self, tokenizer: Any, ends: Sequence[int]) -> None:
        """Find out how the template ends an assistant's turn.

        Args:
            tokenizer: has a chat template.
            ends: the ids at which the engine ends an answer; the first one is appended where
                the template's own is not among them.
        """
        self._tokenizer = tokenizer
        self._template = ChatTemplate(tokenizer, TemplateError)
        self._end = self._end_of_turn(ends)

    def encode(self, messages: Sequence[Message], target: str) -> Text:
        """The chat, answered with `target`.

        Raises:
            AdaptationError: the chat template refuses the messages.
        """
        rendered = self._render(messages, generation=True)
        prompt = self._ids(rendered)
        joint = self._ids(rendered + target)
        # Where a token would straddle the border, the answer is split off: at prediction the
        # model gets the prompt alone.
        fits = joint[: len(prompt)] == prompt
        completion = joint[len(prompt) :] if fits else self._ids(target)
        return Text(ids=(*prompt, *completion, *self._end), prompt_length=len(prompt))

    def _end_of_turn(self, ends: Sequence[int]) -> tuple[int, ...]:
        """The special token after an assistant's turn, and one that stops if that one does not."""
        chat = [Message("user", _PROBE), Message("assistant", _PROBE)]
        tail = self._render(chat, generation=False).rpartition(_PROBE)[2]
        added = self._tokenizer.added_tokens_decoder
        special = {number for number, token in added.items() if token.special}
        end = next((i for i in self._ids(tail) if i in special), None)
        if end is None:
            return (ends[0],)
        return (end,) if end in ends else (end, ends[0])

    def _ids(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _render(self, messages: Sequence[Message], *, generation: bool) -> str:
        try:
            return self._template.text(messages, answer=generation)
        except TemplateError as error:
            raise AdaptationError(
                f"lora: the model's chat template refuses the prompt: {error}",
                "use a model whose chat template takes this order of roles",
            ) from error
