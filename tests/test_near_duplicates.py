"""Near-duplicates: what MinHash finds against an exact search over all pairs."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.fairness.duplicates import THRESHOLD, Near, near_duplicates
from evalkit.fairness.texts import SHINGLE, normalised, shingles, similarity

LONG = " ".join(f"word{number}" for number in range(30))
ALL = 10**9  # so many pairs are compared one by one


def exactly(texts, others):
    """The nearest of the others for each text that has one near enough, by the definition."""
    found = []
    for place, text in enumerate(texts):
        values = [
            similarity(shingles(normalised(text)), shingles(normalised(other))) for other in others
        ]
        best = max(values, default=0.0)
        if best >= THRESHOLD:
            found.append(Near(place, values.index(best), best))
    return found


def changed(text, rng, words):
    """The text with so many of its words replaced."""
    parts = text.split()
    for place in rng.sample(range(len(parts)), min(words, len(parts))):
        parts[place] = f"other{rng.randrange(100)}"
    return " ".join(parts)


def corpus(rng, size):
    vocabulary = [f"w{number}" for number in range(200)]
    return [" ".join(rng.choices(vocabulary, k=rng.randint(1, 40))) for _ in range(size)]


class TestTexts:
    def test_case_and_layout_make_no_difference(self):
        assert normalised("  A Red\nball. ") == normalised("a red ball .") == "a red ball ."

    def test_signs_are_words(self):
        assert normalised("1+2") == "1 + 2" != normalised("1-2")

    def test_a_shingle_is_three_words(self):
        assert SHINGLE == 3
        assert shingles("a b c d") == {"a b c", "b c d"}

    @pytest.mark.parametrize("text", ["", "a", "a b", "a b c"])
    def test_a_text_of_few_words_is_one_shingle(self, text):
        assert shingles(text) == {text}

    def test_similarity_is_what_both_have_over_what_either_has(self):
        assert similarity(frozenset("abc"), frozenset("bcd")) == 0.5
        assert similarity(frozenset("a"), frozenset("b")) == 0.0


class TestNearDuplicates:
    @pytest.mark.parametrize("few_pairs", [0, ALL])
    def test_equal_but_for_case_and_layout(self, few_pairs):
        texts = ["unlike anything else there is", "One  text of MANY words"]
        found = near_duplicates(texts, ["x", "one text of many words"], few_pairs=few_pairs)
        assert found == [Near(1, 1, 1.0)]

    @pytest.mark.parametrize("few_pairs", [0, ALL])
    def test_one_word_of_thirty(self, few_pairs):
        other = LONG.replace("word14 ", "another ")
        (found,) = near_duplicates([LONG], [other, LONG + " more"], few_pairs=few_pairs)
        assert found == Near(0, 1, 28 / 29)  # the nearer one of the two
        (found,) = near_duplicates([LONG], [other], few_pairs=few_pairs)
        assert found == Near(0, 0, 25 / 31)

    @pytest.mark.parametrize("few_pairs", [0, ALL])
    def test_one_word_of_ten_is_another_text(self, few_pairs):
        text = " ".join(LONG.split()[:10])
        assert near_duplicates([text], [text.replace("word4", "x")], few_pairs=few_pairs) == []

    @pytest.mark.parametrize("few_pairs", [0, ALL])
    def test_nothing_to_compare(self, few_pairs):
        assert near_duplicates([], [LONG], few_pairs=few_pairs) == []
        assert near_duplicates([LONG], [], few_pairs=few_pairs) == []

    @pytest.mark.parametrize("few_pairs", [0, ALL])
    def test_texts_of_all_kinds(self, few_pairs):
        odd = ["", " ", "\ud800 half a pair", "\U0001f534", "…"]
        found = near_duplicates(odd, odd, few_pairs=few_pairs)
        assert [(near.text, near.other) for near in found] == [
            (0, 0),
            (1, 0),
            (2, 2),
            (3, 3),
            (4, 4),
        ]

    @settings(max_examples=40, deadline=None)
    @given(st.integers(0, 2**32), st.integers(0, 12), st.integers(0, 12))
    def test_all_pairs_at_once_are_the_definition_too(self, seed, size, others):
        rng = random.Random(seed)
        train = ["", *corpus(rng, others)]
        texts = [*corpus(rng, size), *(changed(text, rng, rng.randint(0, 2)) for text in train)]
        found = near_duplicates(texts, train, few_pairs=0, most_candidates=-1)
        assert found == exactly(texts, train)

    def test_pairs_at_once_are_taken_in_blocks(self, monkeypatch):
        rng = random.Random(3)
        train = corpus(rng, 10)
        texts = [changed(text, rng, rng.randint(0, 1)) for text in train]
        monkeypatch.setattr("evalkit.fairness.products._BLOCK", 30)  # three rows
        found = near_duplicates(texts, train, few_pairs=0, most_candidates=-1)
        assert found == exactly(texts, train)

    def test_texts_of_one_template_are_not_compared_one_by_one(self, monkeypatch):
        """Nearly all of their pairs are candidates; the near ones among them are all found."""
        rng = random.Random(5)
        train = [f"{LONG} {rng.randrange(10**6)} {rng.randrange(10**6)} x y z" for _ in range(60)]
        texts = [*train[:3], LONG.replace("word7 ", "w ") + " 1 2 3"]
        compared = []
        monkeypatch.setattr(
            "evalkit.fairness.duplicates.similarity", lambda *pair: compared.append(pair)
        )
        found = near_duplicates(texts, train, few_pairs=0, most_candidates=100)
        assert found == exactly(texts, train)
        assert not compared

    def test_repeated_texts_are_found_each_time(self):
        assert [near.text for near in near_duplicates([LONG, "x", LONG], [LONG, LONG])] == [0, 2]

    @settings(max_examples=40, deadline=None)
    @given(st.integers(0, 2**32), st.integers(0, 12), st.integers(0, 12))
    def test_all_pairs_are_the_definition(self, seed, size, others):
        rng = random.Random(seed)
        train = corpus(rng, others)
        texts = [*corpus(rng, size), *(changed(text, rng, rng.randint(0, 2)) for text in train)]
        assert near_duplicates(texts, train, few_pairs=ALL) == exactly(texts, train)

    @settings(max_examples=25, deadline=None)
    @given(st.integers(0, 2**32), st.booleans())
    def test_minhash_finds_what_an_exact_search_finds(self, seed, more_texts):
        """Nothing that is not there, and all that is clearly above the threshold."""
        rng = random.Random(seed)
        train = corpus(rng, 30)
        texts = [changed(text, rng, rng.randint(0, 2)) for text in train]
        texts += corpus(rng, 20 if more_texts else 0)
        train += corpus(rng, 0 if more_texts else 20)
        exact = {near.text: near for near in exactly(texts, train)}
        found = {near.text: near for near in near_duplicates(texts, train, few_pairs=0)}
        assert found.keys() <= exact.keys()
        assert all(near.similarity <= exact[near.text].similarity for near in found.values())
        clear = {text: near for text, near in exact.items() if near.similarity >= 0.9}
        assert {text: found.get(text) for text in clear} == clear

    def test_minhash_misses_next_to_nothing_at_the_threshold(self):
        rng = random.Random(7)
        base = [" ".join(f"w{rng.randrange(10**6)}" for _ in range(30)) for _ in range(500)]
        texts = [text.replace(text.split()[14], "x") for text in base]  # a similarity of 25 / 31
        assert len(near_duplicates(texts, base, few_pairs=0)) >= 498
