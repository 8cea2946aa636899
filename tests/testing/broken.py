"""Broken metrics, tasks and adapters: each says which promise of its contract it breaks.

Not collected by itself; ``test_contracts.py`` runs it and expects the failures.
"""

import itertools
import statistics
from dataclasses import replace
from pathlib import Path

from evalkit import (
    AdaptedModel,
    Demo,
    Match,
    Parsed,
    Prompt,
    Ratio,
    SingleRequest,
)
from evalkit.testing import AdapterContract, ListTask, MetricContract, TaskContract

from .sound import Colours, Exact, FewShot, Trained, write_weights

calls = itertools.count()


class OfMetric(MetricContract):
    def make(self):
        return self.Broken()

    def examples(self):
        return [("a", "a"), ("a", "b"), (["b", "a"], ["b"])]

    def empty(self):
        return ""


class TestHalfForPerfect(OfMetric):
    caught_by = "test_a_perfect_answer_gets_the_best_headline"

    class Broken(Exact):
        def score(self, target, value):
            return {"hit": 0.5 * (target == value)}


class TestEmptyIsBest(OfMetric):
    caught_by = "test_a_perfect_answer_gets_the_best_headline"

    class Broken(Exact):
        range = (None, None)

        def score(self, target, value):
            return {"hit": float(target == value) + 2 * (value == "")}


class TestWrongDirection(OfMetric):
    caught_by = "test_a_perfect_answer_gets_the_best_headline"

    class Broken(Exact):
        direction = "lower"


class TestAlwaysRight(OfMetric):
    caught_by = "test_a_wrong_answer_is_worse_than_a_perfect_one"

    class Broken(Exact):
        def score(self, target, value):
            return {"hit": 1.0}


class TestNan(OfMetric):
    caught_by = "test_scores_are_finite_numbers"

    class Broken(Exact):
        def score(self, target, value):
            return {"hit": float(target == value), "length ratio": 1.0 if value else float("nan")}


class TestBool(OfMetric):
    caught_by = "test_scores_are_finite_numbers"

    class Broken(Exact):
        def score(self, target, value):
            return {"hit": target == value}


class TestNoParts(OfMetric):
    caught_by = "test_scores_are_finite_numbers"

    class Broken(Exact):
        def score(self, target, value):
            return {"hit": 1.0} if target == value else {}

        def aggregate(self, scores):
            return super().aggregate([score for score in scores if score])


class TestRatioOfSomethingElse(OfMetric):
    caught_by = "test_the_ratio_is_the_headline"

    class Broken(Exact):
        ratio = Ratio(numerator={"hit": 1.0}, denominator={"hit": 1.0}, empty=0.0)


class TestRatioWithoutItsParts(OfMetric):
    caught_by = "test_the_ratio_is_the_headline"

    class Broken(Exact):
        ratio = Ratio(numerator={"hits": 1.0})


class TestMetricRemembers(OfMetric):
    caught_by = "test_scoring_repeats"

    class Broken(Exact):
        def score(self, target, value):
            return {**super().score(target, value), "calls": float(next(calls))}


class Matching(Exact):
    """Matches the first items of unequal values as half equal."""

    def matches(self, target, value):
        return [Match(answer=0, target=0, similarity=1.0 if target == value else 0.5)]


class TestMatchesNoItem(OfMetric):
    caught_by = "test_matches_are_pairs_of_items"

    class Broken(Exact):
        def matches(self, target, value):
            return [Match(answer=0, target=1)] if target == value else []


class TestMatchesTwice(OfMetric):
    caught_by = "test_matches_are_pairs_of_items"

    class Broken(Matching):
        def matches(self, target, value):
            return [*super().matches(target, value), *super().matches(target, value)]


class TestMatchesNowAndThen(OfMetric):
    caught_by = "test_matches_are_pairs_of_items"

    class Broken(Matching):
        def matches(self, target, value):
            return None if target == value else super().matches(target, value)


class TestEqualIsNotEqual(OfMetric):
    caught_by = "test_what_is_equal_is_matched_as_equal"

    class Broken(Matching):
        def matches(self, target, value):
            return [Match(answer=0, target=0, similarity=0.99)]


class TestMatchesWhatWasScoredBefore(OfMetric):
    caught_by = "test_matching_repeats"
    scored = False

    class Broken(Matching):
        def score(self, target, value):
            self.scored = True
            return super().score(target, value)

        def matches(self, target, value):
            return super().matches(target, value) if self.scored else []


class TestSortsItsInput(OfMetric):
    caught_by = "test_inputs_stay_as_they_were"

    class Broken(Exact):
        def score(self, target, value):
            if isinstance(target, list):
                target.sort()
            return super().score(target, value)


class TestEmptiesTheScores(OfMetric):
    caught_by = "test_inputs_stay_as_they_were"

    class Broken(Exact):
        def aggregate(self, scores):
            hits = [score.pop("hit") for score in list(scores)]
            return {"score": sum(hits) / len(hits) if hits else None}


class TestNoHeadline(OfMetric):
    caught_by = "test_the_headline_is_among_the_aggregated_figures"

    class Broken(Exact):
        headline = "accuracy"


class TestPercent(OfMetric):
    caught_by = "test_the_headline_is_among_the_aggregated_figures"

    class Broken(Exact):
        def aggregate(self, scores):
            return {"score": 100 * sum(score["hit"] for score in scores)}


class TestDividesByZero(OfMetric):
    caught_by = "test_no_scores_at_all_are_undefined_or_in_range"

    class Broken(Exact):
        def aggregate(self, scores):
            return {"score": sum(score["hit"] for score in scores) / len(scores)}


class TestNeedsTwoScores(OfMetric):
    caught_by = "test_one_score_can_be_aggregated"

    class Broken(Exact):
        def aggregate(self, scores):
            spread = statistics.stdev([score["hit"] for score in scores]) if scores else None
            return {**super().aggregate(scores), "spread": spread}


class TestLastScoreCounts(OfMetric):
    caught_by = "test_aggregation_does_not_depend_on_the_order"

    class Broken(Exact):
        def aggregate(self, scores):
            return {"score": scores[-1]["hit"] if scores else None}


class TestNumberedParts(OfMetric):
    caught_by = "test_scores_can_be_stored_and_aggregated_later"

    class Broken(Exact):
        def score(self, target, value):
            return {1: float(target == value)}

        def aggregate(self, scores):
            return super().aggregate([{"hit": score[1]} for score in scores])


class OfTask(TaskContract):
    def make(self):
        return self.Broken()


class TestEmptySplit(OfTask):
    caught_by = "test_splits_have_examples"

    class Broken(ListTask):
        def load(self, split):
            return [] if split == "test" else super().load(split)


class TestSameIds(OfTask):
    caught_by = "test_examples_have_ids_of_their_own_and_sources"

    class Broken(ListTask):
        def load(self, split):
            return [replace(example, id=split) for example in super().load(split)]


class TestNoSources(OfTask):
    caught_by = "test_examples_have_ids_of_their_own_and_sources"

    class Broken(ListTask):
        def load(self, split):
            return [replace(example, source="") for example in super().load(split)]


class TestSharedSources(OfTask):
    caught_by = "test_splits_share_neither_ids_nor_sources"

    class Broken(ListTask):
        def load(self, split):
            return [replace(e, source=str(i)) for i, e in enumerate(super().load(split))]


class TestSharedIds(OfTask):
    caught_by = "test_splits_share_neither_ids_nor_sources"

    class Broken(ListTask):
        def load(self, split):
            return [replace(e, id=str(i)) for i, e in enumerate(super().load(split))]


class TestShuffles(OfTask):
    caught_by = "test_loading_repeats"

    class Broken(ListTask):
        def load(self, split):
            examples = list(super().load(split))
            turn = next(calls) % len(examples)
            return examples[turn:] + examples[:turn]


class TestUnknownSplitIsEmpty(OfTask):
    caught_by = "test_an_unknown_split_is_the_users_error"

    class Broken(ListTask):
        def load(self, split):
            return self.loaded.get(split, [])


class TestTuples(OfTask):
    caught_by = "test_examples_are_strict_json"

    class Broken(ListTask):
        def load(self, split):
            return [replace(e, groups={"tags": ("a", "b")}) for e in super().load(split)]


class TestNoInstruction(OfTask):
    caught_by = "test_there_is_an_instruction"

    class Broken(ListTask):
        instruction = " "


class TestEmptyInputs(OfTask):
    caught_by = "test_inputs_are_texts"

    class Broken(ListTask):
        def render_input(self, example):
            return ""


class TestReadsOtherwise(OfTask):
    caught_by = "test_targets_are_read_back_as_they_were"

    class Broken(ListTask):
        def parse(self, text):
            return Parsed(value=text.strip().upper())


class TestTargetsAreMalformed(OfTask):
    caught_by = "test_targets_are_read_back_as_they_were"

    class Broken(ListTask):
        def parse(self, text):
            return Parsed(value=text.strip(), malformed=True)


class TestStopsInsideTargets(OfTask):
    caught_by = "test_targets_can_be_answered"

    class Broken(ListTask):
        stop = ("re",)


class TestTargetsAreNoChoice(OfTask):
    caught_by = "test_targets_can_be_answered"

    class Broken(ListTask):
        choices = ("yes", "no")


class TestSameChoices(OfTask):
    caught_by = "test_choices_differ"

    class Broken(Colours):
        choices = ("red", "blue", "green", "grey", "red")


class TestParseRaises(OfTask):
    caught_by = "test_any_text_can_be_parsed"

    class Broken(ListTask):
        def parse(self, text):
            text.encode()  # a lone surrogate cannot be encoded
            return super().parse(text)


class TestParseReturnsNan(OfTask):
    caught_by = "test_any_text_can_be_parsed"

    class Broken(ListTask):
        def parse(self, text):
            return Parsed(value=float("nan")) if "{" in text else super().parse(text)


class TestEmptyIsSomething(OfTask):
    caught_by = "test_an_empty_answer_is_the_empty_value"

    class Broken(ListTask):
        def parse(self, text):
            return Parsed(value=text.strip() or "none")


class OfAdapter(AdapterContract):
    def make(self):
        return self.Broken()


class TestReturnsAPrompt(OfAdapter):
    caught_by = "test_it_returns_an_adapted_model_that_can_be_stored"

    class Broken(FewShot):
        def adapt(self, context):
            return super().adapt(context).prompt


class TestStateIsNoJson(OfAdapter):
    caught_by = "test_it_returns_an_adapted_model_that_can_be_stored"

    class Broken(FewShot):
        def adapt(self, context):
            return replace(super().adapt(context), state={"lookup": object()})


class TestUnseeded(OfAdapter):
    caught_by = "test_it_repeats_with_the_same_seed"

    class Broken(FewShot):
        def adapt(self, context):
            return replace(super().adapt(context), state={"draw": next(calls)})


class TestShowsTestInputs(OfAdapter):
    caught_by = "test_demos_come_from_the_training_split"

    class Broken(FewShot):
        def adapt(self, context):
            demos = (Demo("this red car", "red"),)
            return AdaptedModel(prompt=Prompt(instruction="i", demos=demos))


class TestShowsUnknownExamples(OfAdapter):
    caught_by = "test_demos_come_from_the_training_split"

    class Broken(FewShot):
        def adapt(self, context):
            demos = (Demo("another car", "red", "validation-0"),)
            return AdaptedModel(prompt=Prompt(instruction="i", demos=demos))


class TestPeeks(OfAdapter):
    caught_by = "test_the_evaluation_split_is_left_alone"

    class Broken(FewShot):
        def adapt(self, context):
            try:
                context.task.load("test")
            except Exception:
                return super().adapt(context)


class TestChangesTheExamples(OfAdapter):
    caught_by = "test_the_training_examples_stay_as_they_were"

    class Broken(FewShot):
        def adapt(self, context):
            context.train[0].fields["text"] = "changed"
            return super().adapt(context)


class TestWritesIntoTheWorkingDirectory(OfAdapter):
    caught_by = "test_files_are_written_into_its_folder_only"

    class Broken(FewShot):
        def adapt(self, context):
            Path("log.txt").write_text("here")
            return super().adapt(context)


class TestWritesBesideItsFolder(OfAdapter):
    caught_by = "test_files_are_written_into_its_folder_only"

    class Broken(FewShot):
        def weights(self, context):
            return write_weights(context.folder.parent / "lora")


class TestPickles(OfAdapter):
    caught_by = "test_no_pickled_files"

    class Broken(Trained):
        def adapt(self, context):
            (context.folder / "optimizer.pt").write_bytes(b"")
            return super().adapt(context)


class TestKeepsItsState(OfAdapter):
    caught_by = "test_the_stored_model_answers_every_example"

    class Broken(FewShot):
        def adapt(self, context):
            self.prompt = super().adapt(context).prompt
            return AdaptedModel(prompt=self.prompt)

        def program(self, adapted, context):
            return SingleRequest(self.prompt, context)


class TestProgramFails(OfAdapter):
    caught_by = "test_the_stored_model_answers_every_example"

    class Broken(FewShot):
        def program(self, adapted, context):
            return SingleRequest(None, context)


class TestForgetsItsWeights(OfAdapter):
    caught_by = "test_weights_are_asked_for_at_prediction"

    class Broken(Trained):
        def program(self, adapted, context):
            return Bare(adapted.prompt, context)


class Bare(SingleRequest):
    def steps(self, example):
        request = self._context.request(self._prompt, example)
        completion = yield replace(request, weights=None)
        return completion.text
