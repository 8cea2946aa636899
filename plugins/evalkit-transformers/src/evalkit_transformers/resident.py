"""A model in memory with everything that was made for it, and how it answers jobs."""

from collections.abc import Callable, Iterator, Sequence
from time import perf_counter

from evalkit import Completion, Failure
from evalkit_transformers.choices import log_probabilities
from evalkit_transformers.constraints import Grammars
from evalkit_transformers.decode import Decoder
from evalkit_transformers.jobs import Job, Preparer
from evalkit_transformers.loading import Loaded
from evalkit_transformers.lora import WeightSets
from evalkit_transformers.memory import column_tokens, prefix_bytes
from evalkit_transformers.prefix import PrefixKeeper, families
from evalkit_transformers.waves import Family, JobWave

_STEP = {"cpu": 64, "cuda": 1024}
"""How many prompt tokens a device reads in the time that a step of writing takes for few rows."""
_USUAL_SHARE = 1 / 4
"""Part of the tokens that an answer may have which answers usually have."""
_READING = 256
"""How many more tokens could be read in the time that a further batch takes to read."""


class Resident:
    """A model in memory with everything that was made for it."""

    def __init__(self, loaded: Loaded, context_length: int) -> None:
        """Make what answering takes."""
        self.loaded = loaded
        width = loaded.model.config.get_text_config(decoder=True).vocab_size
        self.grammars = Grammars(loaded.tokenizer, loaded.ends, width=width)
        self.preparer = Preparer(loaded.tokenizer, self.grammars, context_length)
        self.decoder = Decoder(loaded.tokenizer, loaded.ends)
        self.weights = WeightSets(loaded.model)
        self.prefixes = PrefixKeeper(loaded.model, prefix_bytes(loaded.model.device))

    def families(
        self, jobs: Sequence[Job], budget: int, stopping: Callable[[], bool]
    ) -> Iterator[Family]:
        """Split jobs by what their prompts share, and compute that."""
        for shared, places in self._split(jobs):
            if stopping():
                return
            members = [jobs[at] for at in places]
            prefix, known = self.prefixes.get(members[0].prompt[:shared], self.weights.active)
            # The first job pays for the part of the prefix that had to be computed.
            cached = [known] + [shared] * (len(members) - 1)
            yield Family(
                jobs=members, prefix=prefix, cached=cached, budget=budget, stopping=stopping
            )

    def write(self, family: Family) -> Iterator[tuple[int, Completion | Failure]]:
        """Generate the answers of jobs."""
        wave = JobWave(family, self.loaded, self.grammars)
        for answer in self.decoder.write(wave):
            taken = perf_counter() - answer.started
            job, cached = family.jobs[answer.place], family.cached[answer.place]
            yield job.index, job.written(answer, cached=cached, latency_s=taken)

    def weigh(self, family: Family) -> Iterator[tuple[int, Completion | Failure]]:
        """Find the probabilities of the choices of jobs."""
        column = column_tokens(self.loaded.model)
        for places in family.batches(branched=self.loaded.shares, column=column):
            if family.stopping():
                return
            started = perf_counter()
            rest = [family.rest(at) for at in places]
            choices = [family.jobs[at].choices for at in places]
            found = log_probabilities(self.loaded, family.prefix, rest, choices)
            taken = perf_counter() - started
            for at, logprobs in zip(places, found, strict=True):
                job, cached = family.jobs[at], family.cached[at]
                yield job.index, job.chosen(logprobs, cached=cached, latency_s=taken)

    def _split(self, jobs: Sequence[Job]) -> list[tuple[int, list[int]]]:
        """How many first tokens which jobs share."""
        if not self.loaded.shares:
            return [(0, list(range(len(jobs))))]
        longest = max(0 if job.choices else job.request.max_tokens for job in jobs)
        step = _STEP.get(self.loaded.model.device.type, _STEP["cuda"])
        worth = max(_READING, int(longest * _USUAL_SHARE * step))
        return families([job.prompt for job in jobs], worth)
