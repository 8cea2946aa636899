"""How the judge is asked.

Several verdicts on one question, sampled and averaged, are self-consistency (Wang et al. 2022,
https://arxiv.org/abs/2203.11171).
"""

from dataclasses import dataclass

from evalkit import EngineError, Message, Request, Steps
from evalkit_judge.prompt import LABELS, Mode, messages
from evalkit_judge.reading import SCHEMA, Answer, read_choice, read_written

TRIES = 3
"""How often a question is asked at most."""

_RETRY_TEMPERATURE = 0.7
_CHOICE_TOKENS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How a judge is asked.

    Attributes:
        mode: written JSON, or the likeliest of three words.
        enforce: whether the judge's engine can enforce the schema of written JSON; where it
            cannot, the prompt asks for it and what comes is checked here.
        system: the part of the prompt that all questions share.
        temperature: of written verdicts.
        max_tokens: the most tokens of a written verdict.
        seed: of the sampling.
        votes: how often each question is asked.
    """

    mode: Mode
    enforce: bool
    system: str
    temperature: float
    max_tokens: int
    seed: int
    votes: int = 1

    def steps(self, given: str, first: str, second: str, *, vote: int = 0) -> Steps[Answer]:
        """Ask which of two answers to an input is better.

        Asks up to twice more if no answer comes, or a written verdict cannot be read.

        Args:
            given: the rendered input.
            first: the canonical answer that is shown as A.
            second: the one that is shown as B.
            vote: number of the vote; each is sampled by a seed of its own.

        Raises:
            EngineError: no answer came to the last attempt.
        """
        chat = messages(self.system, given, first, second)
        answer = Answer(status="api_error", extra={})
        unread = 0
        for attempt in range(TRIES):
            try:
                completion = yield self._request(chat, vote=vote, unread=unread)
            except EngineError:
                if attempt == TRIES - 1:
                    raise
                continue
            if self.mode == "choices":
                return read_choice(completion)  # another attempt would choose the same
            answer = read_written(completion, (given, first, second))
            if answer.label is not None:
                break
            unread += 1
        return answer

    def _request(self, chat: tuple[Message, ...], *, vote: int, unread: int) -> Request:
        """A greedy answer would come out the same again, so it is sampled if it was unreadable."""
        if self.mode == "choices":
            return Request(messages=chat, max_tokens=_CHOICE_TOKENS, choices=LABELS)
        temperature = max(self.temperature, _RETRY_TEMPERATURE) if unread else self.temperature
        return Request(
            messages=chat,
            max_tokens=self.max_tokens,
            temperature=temperature,
            seed=self.seed + TRIES * vote + unread if temperature else None,
            schema=SCHEMA if self.enforce else None,
        )
