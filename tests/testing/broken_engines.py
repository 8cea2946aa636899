"""Broken engines: each says which promise of the contract it breaks.

Not collected by itself; ``test_contracts.py`` runs it and expects the failures.
"""

import itertools
import json
import math
import random
import time
from dataclasses import replace

from evalkit import Attempt, Failure, Journal, ModelError
from evalkit.testing import EngineContract

from .sound import WEIGHTS, SoundEngine

calls = itertools.count()


class OfEngine(EngineContract):
    def make(self):
        return self.Broken()

    def weights(self):
        return WEIGHTS


class Rewrites(SoundEngine):
    """Generates by `rewrite`, which may change request and answer."""

    def generate(self, requests):
        for index, request in enumerate(requests):
            found = list(super().generate([self.asked(request, requests)]))
            for _, answer in found:
                yield index, self.answered(answer, request, index)

    def asked(self, request, batch):
        return request

    def answered(self, answer, request, index):
        return answer


class Completes(Rewrites):
    """Changes Completions only."""

    def answered(self, answer, request, index):
        if isinstance(answer, Failure):
            return answer
        return self.completed(answer, request, index)


class TestForgetsOne(OfEngine):
    caught_by = "test_every_request_gets_one_answer"

    class Broken(SoundEngine):
        def generate(self, requests):
            yield from list(super().generate(requests))[:4]


class TestAnswersTwice(OfEngine):
    caught_by = "test_every_request_gets_one_answer"

    class Broken(SoundEngine):
        def generate(self, requests):
            yield from super().generate(requests)
            yield from super().generate(requests[:1])


class TestNeedsARequest(OfEngine):
    caught_by = "test_an_empty_batch_has_no_answers"

    class Broken(SoundEngine):
        def generate(self, requests):
            max(request.max_tokens for request in requests)
            yield from super().generate(requests)


class TestNeverTheSame(OfEngine):
    caught_by = "test_greedy_answers_repeat"

    class Broken(SoundEngine):
        def rule(self, request):
            return f"{next(calls)} {super().rule(request)}"


class TestNumbersTheBatch(OfEngine):
    caught_by = "test_answers_do_not_depend_on_the_batch"

    class Broken(Completes):
        def completed(self, answer, request, index):
            return replace(answer, text=f"{index}. {answer.text}")


class TestNoLimit(OfEngine):
    caught_by = "test_the_token_limit_holds"

    class Broken(Rewrites):
        def asked(self, request, batch):
            return replace(request, max_tokens=max(request.max_tokens, 16))


class TestCallsLengthAStop(OfEngine):
    caught_by = "test_the_token_limit_holds"

    class Broken(Completes):
        def completed(self, answer, request, index):
            return replace(answer, finish_reason="stop")


class TestOneLimitForAll(OfEngine):
    caught_by = "test_each_request_of_a_batch_has_its_own_limit"

    class Broken(Rewrites):
        def asked(self, request, batch):
            return replace(request, max_tokens=max(other.max_tokens for other in batch))


class TestKeepsTheStopText(OfEngine):
    caught_by = "test_stop_texts_end_the_answer_and_are_no_part_of_it"

    class Broken(Completes):
        def completed(self, answer, request, index):
            return replace(answer, text=answer.text + "".join(request.stop[:1]))


class TestStopsAtWordsOnly(OfEngine):
    caught_by = "test_stop_texts_end_the_answer_and_are_no_part_of_it"

    class Broken(Rewrites):
        def asked(self, request, batch):
            text = self.rule(request).split()
            return replace(request, stop=tuple(stop for stop in request.stop if stop in text))


class TestStopsByTheFirstInTheList(OfEngine):
    caught_by = "test_the_first_of_several_stop_texts_ends_the_answer"

    class Broken(Rewrites):
        def asked(self, request, batch):
            return replace(request, stop=request.stop[:1])


class TestOneStopForAll(OfEngine):
    caught_by = "test_a_stop_text_concerns_its_own_request_only"

    class Broken(Rewrites):
        def asked(self, request, batch):
            return replace(request, stop=tuple(s for other in batch for s in other.stop))


class TestCountsNothing(OfEngine):
    caught_by = "test_usage_is_counted"

    class Broken(Completes):
        def completed(self, answer, request, index):
            return replace(answer, prompt_tokens=0)


class TestCachesMoreThanThereIs(OfEngine):
    caught_by = "test_usage_is_counted"

    class Broken(Completes):
        def completed(self, answer, request, index):
            return replace(answer, cached_tokens=answer.prompt_tokens + 1)


class TestBackInTime(OfEngine):
    caught_by = "test_latency_is_a_time"

    class Broken(Completes):
        def completed(self, answer, request, index):
            return replace(answer, latency_s=-1.0)


class TestTooLongEndsAll(OfEngine):
    caught_by = "test_a_prompt_too_long_fails_alone"

    class Broken(SoundEngine):
        def generate(self, requests):
            found = list(super().generate(requests))
            failures = [answer for _, answer in found if isinstance(answer, Failure)]
            yield from [(i, (failures or [answer])[0]) for i, answer in found]


class TestTooLongIsCut(OfEngine):
    caught_by = "test_a_prompt_too_long_fails_alone"

    class Broken(Rewrites):
        def asked(self, request, batch):
            cut = replace(request.messages[-1], content=request.messages[-1].content[:500])
            return replace(request, messages=(*request.messages[:-1], cut))


class TestSurrogatesKill(OfEngine):
    caught_by = "test_any_text_can_be_asked"

    class Broken(SoundEngine):
        def rule(self, request):
            request.messages[-1].content.encode()
            return super().rule(request)


class TestSurrogatesEndTheEngine(OfEngine):
    caught_by = "test_any_text_can_be_asked"

    class Broken(SoundEngine):
        def generate(self, requests):
            if any("\ud800" in request.messages[-1].content for request in requests):
                for index, _ in enumerate(requests):
                    yield index, Failure(reason="not to be encoded", kind="engine")
            else:
                yield from super().generate(requests)


class TestHalfCharacters(OfEngine):
    caught_by = "test_other_scripts_are_answered"

    class Broken(SoundEngine):
        def rule(self, request):
            raw = super().rule(request)
            return raw if raw.isascii() else "\ud83d " + raw


class TestLastTurnOnly(OfEngine):
    caught_by = "test_demos_are_read"

    class Broken(Rewrites):
        def asked(self, request, batch):
            return replace(request, messages=request.messages[-1:])


class TestSeedIsIgnored(OfEngine):
    caught_by = "test_a_seeded_sample_repeats"

    class Broken(SoundEngine):
        def rule(self, request):
            draw = random.random() if request.temperature else 0
            return f"{draw} {super().rule(request)}"


class TestSchemaIsIgnored(OfEngine):
    caught_by = "test_a_schema_is_followed"

    class Broken(Rewrites):
        def asked(self, request, batch):
            return replace(request, schema=None)


class Chooses(SoundEngine):
    """Scores by `scored`: choices to log-probabilities."""

    def score(self, requests):
        for index, request in enumerate(requests):
            for _, answer in super().score([request]):
                yield index, replace(answer, logprobs=tuple(self.scored(request, index)))

    def scored(self, request, index):
        return [-float(len(choice)) for choice in request.choices]


class TestProbabilitiesWithoutLogarithm(OfEngine):
    caught_by = "test_choices_are_scored"

    class Broken(Chooses):
        def scored(self, request, index):
            return [1 / len(choice) for choice in request.choices]


class TestOneScoreIsMissing(OfEngine):
    caught_by = "test_choices_are_scored"

    class Broken(Chooses):
        def scored(self, request, index):
            return super().scored(request, index)[1:]


class TestChoosesTheWorst(OfEngine):
    caught_by = "test_choices_are_scored"

    class Broken(Chooses):
        def scored(self, request, index):
            return [-20.0 + len(choice) for choice in request.choices]


class TestPrefersTheFirst(OfEngine):
    caught_by = "test_choices_keep_their_scores_in_another_order"

    class Broken(Chooses):
        def scored(self, request, index):
            return [-float(position) - 1 for position, _ in enumerate(request.choices)]


class TestScoresDependOnTheBatch(OfEngine):
    caught_by = "test_equal_requests_get_equal_scores"

    class Broken(Chooses):
        def scored(self, request, index):
            return [-1.0 - index for _ in request.choices]


class TestMeanOverTokens(OfEngine):
    caught_by = "test_the_log_probabilities_of_tokens_are_summed"

    class Broken(Chooses):
        def scored(self, request, index):
            return [-10.0 / len(choice) for choice in request.choices]


class TestCannotWeighOtherScripts(OfEngine):
    caught_by = "test_any_text_can_be_a_choice"

    class Broken(Chooses):
        def scored(self, request, index):
            return [-5.0 if choice.isascii() else -math.inf for choice in request.choices]


class TestWeighsWhatIsTooLong(OfEngine):
    caught_by = "test_choices_of_a_prompt_too_long_fail_alone"

    class Broken(SoundEngine):
        def score(self, requests):
            cut = [replace(r, messages=(shortened(r.messages[0]),)) for r in requests]
            yield from super().score(cut)


class TestOneIsTooLongForAll(OfEngine):
    caught_by = "test_choices_of_a_prompt_too_long_fail_alone"

    class Broken(SoundEngine):
        def score(self, requests):
            found = list(super().score(requests))
            failures = [answer for _, answer in found if isinstance(answer, Failure)]
            yield from [(i, (failures or [answer])[0]) for i, answer in found]


class TestWhatIsLeftComesNextTime(OfEngine):
    caught_by = "test_answers_may_be_left_unread"

    class Broken(SoundEngine):
        left = ()

        def generate(self, requests):
            found = [*self.left, *super().generate(requests)]
            for at, answer in enumerate(found):
                self.left = found[at + 1 :]
                yield answer


class TestStopsWithinWordsOnly(OfEngine):
    caught_by = "test_stop_texts_end_the_answer_and_are_no_part_of_it"

    class Broken(Rewrites):
        def asked(self, request, batch):
            return replace(request, stop=tuple(stop for stop in request.stop if " " not in stop))


class TestKeepsBackWhatMayBecomeAStop(OfEngine):
    caught_by = "test_a_stop_text_that_never_comes_changes_nothing"

    class Broken(Completes):
        def completed(self, answer, request, index):
            for stop in request.stop:
                for length in range(len(stop), 0, -1):
                    if answer.text.endswith(stop[:length]):
                        return replace(answer, text=answer.text[:-length])
            return answer


class TestAnEmptyAnswerIsAFailure(OfEngine):
    caught_by = "test_an_empty_answer_is_an_answer"

    class Broken(Completes):
        def completed(self, answer, request, index):
            return answer if answer.text else Failure(reason="nothing was said", kind="engine")


class TestCutsTheLimit(OfEngine):
    caught_by = "test_a_limit_without_room_for_the_prompt_fails_alone"

    class Broken(Rewrites):
        def asked(self, request, batch):
            return replace(request, max_tokens=min(request.max_tokens, 100))


class TestCountsWhatWasNotCached(OfEngine):
    caught_by = "test_a_prompt_counts_the_same_whenever_it_is_asked"

    class Broken(Completes):
        def completed(self, answer, request, index):
            return replace(answer, prompt_tokens=answer.prompt_tokens - min(index, 1))


class TestForgetsTheLastToken(OfEngine):
    caught_by = "test_an_answer_that_the_limit_ended_took_all_its_tokens"

    class Broken(Completes):
        def completed(self, answer, request, index):
            return replace(answer, completion_tokens=answer.completion_tokens - 1)


class TestOneSeedForAll(OfEngine):
    caught_by = "test_different_seeds_give_different_samples"

    class Broken(Rewrites):
        def asked(self, request, batch):
            return replace(request, seed=0)


class TestOneGeneratorForTheBatch(OfEngine):
    caught_by = "test_a_sample_does_not_depend_on_the_batch"

    class Broken(Rewrites):
        def asked(self, request, batch):
            return replace(request, seed=sum(other.seed or 0 for other in batch))


class TestASeedMakesItSample(OfEngine):
    caught_by = "test_at_temperature_0_a_seed_has_no_effect"

    class Broken(Rewrites):
        def asked(self, request, batch):
            return replace(request, temperature=1.0) if request.seed is not None else request


class TestNeedsASeed(OfEngine):
    caught_by = "test_a_sample_needs_no_seed"

    class Broken(Rewrites):
        def answered(self, answer, request, index):
            if request.temperature and request.seed is None:
                return Failure(reason="no seed", kind="engine")
            return answer


class TestFollowsTheOutsideOnly(OfEngine):
    caught_by = "test_a_schema_with_others_inside_is_followed"

    class Broken(SoundEngine):
        def rule(self, request):
            return json.dumps({"animals": ["cat", "hen"]}) if request.schema else "no"


class TestNeverEndsASchema(OfEngine):
    caught_by = "test_a_schema_is_followed"

    class Broken(Completes):
        def completed(self, answer, request, index):
            return replace(answer, finish_reason="length")


class TestOneSchemaForAll(OfEngine):
    caught_by = "test_a_schema_concerns_its_own_request_only"

    class Broken(Rewrites):
        def asked(self, request, batch):
            return replace(request, schema=next((o.schema for o in batch if o.schema), None))


class TestIgnoresWeights(OfEngine):
    caught_by = "test_weights_change_the_answers"

    class Broken(Rewrites):
        def asked(self, request, batch):
            return replace(request, weights=None)


class TestKeepsWeightsOn(OfEngine):
    caught_by = "test_weights_change_the_answers"

    class Broken(Rewrites):
        on = None

        def asked(self, request, batch):
            self.on = request.weights or self.on
            return replace(request, weights=self.on)


class TestOneSetOfWeightsForAll(OfEngine):
    caught_by = "test_weights_concern_their_own_request_only"

    class Broken(Rewrites):
        def asked(self, request, batch):
            return replace(request, weights=batch[0].weights)


class TestPassesOverLostWeights(OfEngine):
    caught_by = "test_weights_that_are_not_there_fail_and_the_engine_goes_on"

    class Broken(Rewrites):
        def asked(self, request, batch):
            lost = request.weights is not None and request.weights != WEIGHTS
            return replace(request, weights=None) if lost else request


class TestLostWeightsEndIt(OfEngine):
    caught_by = "test_weights_that_are_not_there_fail_and_the_engine_goes_on"

    class Broken(SoundEngine):
        gone = False

        def generate(self, requests):
            self.gone = self.gone or any(r.weights not in (None, WEIGHTS) for r in requests)
            for index, _ in enumerate(requests) if self.gone else ():
                yield index, Failure(reason="weights were lost", kind="engine")
            yield from () if self.gone else super().generate(requests)


class TestServesOtherAnswers(OfEngine):
    caught_by = "test_a_single_request_is_answered_as_in_a_batch"

    class Broken(SoundEngine):
        def ask(self, request, *, timeout_s):
            last = shortened(request.messages[-1])
            short = replace(request, messages=(*request.messages[:-1], last))
            return super().ask(short, timeout_s=timeout_s)


class TestServesOneAtATime(OfEngine):
    caught_by = "test_many_threads_may_ask_at_a_time"

    class Broken(SoundEngine):
        asked = None

        def ask(self, request, *, timeout_s):
            self.asked = request
            time.sleep(0.05)
            return super().ask(self.asked, timeout_s=timeout_s)


class TestServesWithoutEnd(OfEngine):
    caught_by = "test_who_has_no_time_left_gets_a_timeout"

    class Broken(SoundEngine):
        def ask(self, request, *, timeout_s):
            return super().ask(request, timeout_s=max(1.0, timeout_s))


class TestAnswersAndSaysThatItCannot(OfEngine):
    caught_by = "test_an_engine_that_answers_passes_its_check"

    class Broken(SoundEngine):
        def check(self):
            raise ModelError("nobody there")


class TestGoesOnAfterAStop(OfEngine):
    caught_by = "test_nothing_is_begun_once_the_user_asked_to_stop"

    class Broken(SoundEngine):
        def generate(self, requests):
            self.journal = Journal()
            yield from super().generate(requests)


class TestFailsWhatAStopLeaves(OfEngine):
    caught_by = "test_a_stop_spoils_no_answer"

    class Broken(SoundEngine):
        def generate(self, requests):
            count = 0
            for index, answer in super().generate(requests):
                yield index, answer
                count += 1
            for index in range(count, len(requests)):
                yield index, Failure(reason="stopped", kind="engine")


class TestOneAttemptForAll(OfEngine):
    caught_by = "test_attempts_are_told_whole_and_in_the_thread_that_asks"

    class Broken(SoundEngine):
        def generate(self, requests):
            self.journal.attempt(Attempt(outcome="answered", seconds=0.1))
            yield from super().generate(requests)


class TestNumbersItsCalls(OfEngine):
    caught_by = "test_what_is_asked_again_is_answered_alike"

    class Broken(Completes):
        def completed(self, answer, request, index):
            return replace(answer, text=f"{len(self.batches)} {answer.text}")


class TestDiesWhenClosed(OfEngine):
    caught_by = "test_a_closed_engine_loads_anew_or_says_that_it_cannot"

    class Broken(SoundEngine):
        def generate(self, requests):
            if self.closed:
                raise AttributeError("'NoneType' object has no attribute 'generate'")
            yield from super().generate(requests)


class TestClosesOnce(OfEngine):
    caught_by = "test_a_closed_engine_loads_anew_or_says_that_it_cannot"

    class Broken(SoundEngine):
        def close(self):
            if self.closed:
                raise RuntimeError("it is closed already")
            super().close()


def shortened(message):
    """A message without most of its text."""
    return replace(message, content=message.content[:20])
