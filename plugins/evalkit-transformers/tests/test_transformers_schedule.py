"""Which rows are computed beside which, and that it changes no answer."""

import pytest
import torch
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel

from evalkit import Message, Request
from evalkit_transformers.engine import TransformersEngine
from evalkit_transformers.loading import shares
from evalkit_transformers.params import TransformersParams
from evalkit_transformers.prefix import PrefixKeeper
from evalkit_transformers.rows import SharedRows

from .tiny_llama import PROSE, ask, make_model, make_tokenizer

RULE = "Answer with the words of the valley and nothing else, as briefly as you can."
LIMITS = [40, 3, 4, 25, 2, 3, 30, 5, 4, 2, 18, 3]
MIXED = [
    ask(f"{PROSE[at % 3]} {'boats ' * (at % 4)}", system=RULE, max_tokens=limit)
    for at, limit in enumerate(LIMITS)
]


def answers(engine, requests):
    found = dict(engine.generate(requests))
    return [found[at] for at in range(len(requests))]


def by_generate(model, tokenizer, request):
    turns = [{"role": turn.role, "content": turn.content} for turn in request.messages]
    ids = tokenizer.apply_chat_template(
        turns, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    output = model.generate(**ids, max_new_tokens=request.max_tokens, do_sample=False)
    return tokenizer.decode(output[0, ids["input_ids"].shape[1] :], skip_special_tokens=True)


@pytest.fixture
def reads(monkeypatch):
    """Rows and columns of everything that is read."""
    found = []
    usual = SharedRows.read

    def noted(rows, tokens, logits=1):
        found.append(tuple(tokens.shape))
        return usual(rows, tokens, logits)

    monkeypatch.setattr(SharedRows, "read", noted)
    return found


def test_waiting_rows_take_the_places_of_finished_ones(make_engine, plain, reads):
    found = answers(make_engine(batch_tokens=320), MIXED)
    expected = [by_generate(plain, make_tokenizer(), request) for request in MIXED]
    assert [item.text for item in found] == expected
    # Rows enter, several columns at a time, while others are being written.
    entering = [at for at, (_, columns) in enumerate(reads) if columns > 1]
    writing = [at for at, (rows, columns) in enumerate(reads) if columns == 1 and rows > 1]
    assert len(entering) > 3
    assert entering[-1] > writing[0]


def test_one_long_answer_does_not_leave_the_batch_to_itself(make_engine, reads):
    answers(make_engine(batch_tokens=320), MIXED)
    steps = sum(1 for _, columns in reads if columns == 1)
    tokens = sum(LIMITS)
    assert steps < tokens / 2


def test_equal_requests_make_an_equal_schedule(make_engine, reads):
    first = list(make_engine(batch_tokens=320).generate(MIXED))
    once = reads[:]
    reads.clear()
    second = list(make_engine(batch_tokens=320).generate(MIXED))
    assert reads == once
    assert [(at, item.text) for at, item in first] == [(at, item.text) for at, item in second]


def test_the_embedded_model_answers_as_in_plain_generate(embedded):
    engine = TransformersEngine(embedded, TransformersParams(dtype="float32", batch_tokens=200))
    questions = ("Is ice cold?", "Name two birds.", "What is bread made of?", "Say a colour.")
    requests = [
        Request(
            messages=(Message("system", "Answer briefly."), Message("user", text)),
            max_tokens=limit,
        )
        for text, limit in zip(questions, (12, 3, 16, 4), strict=True)
    ]
    found = answers(engine, requests)
    tokenizer = engine._load().loaded.tokenizer
    model = AutoModelForCausalLM.from_pretrained(embedded.folder, dtype=torch.float32)
    engine.close()
    assert [item.text for item in found] == [by_generate(model, tokenizer, r) for r in requests]


def test_prompts_that_share_more_are_read_behind_a_longer_prefix(make_engine, plain, monkeypatch):
    monkeypatch.setattr("evalkit_transformers.resident._STEP", {"cpu": 1, "cuda": 1})
    monkeypatch.setattr("evalkit_transformers.resident._READING", 1)
    about = ["gulls " * 40, "boats " * 40]
    requests = [ask(about[at % 2] + PROSE[at % 3], system=RULE) for at in range(6)]
    found = answers(make_engine(), requests)
    expected = [by_generate(plain, make_tokenizer(), request) for request in requests]
    assert [item.text for item in found] == expected
    assert all(item.cached_tokens > 60 for item in found[2:])
    # The second family's prefix goes on from the rule; too short here to be reused.
    assert found[0].cached_tokens == 0


def layers(prefix):
    return [tensor for pair in prefix.layers for tensor in pair]


@pytest.fixture(scope="module")
def reader():
    """A model that shares prefixes, with a context for long ones."""
    model = make_model(max_position_embeddings=8192).eval().requires_grad_(False)
    assert shares(model)
    return model


LONG = [at * 7 % 390 + 3 for at in range(2400)]


@pytest.mark.parametrize(("length", "known"), [(700, 512), (512, 512), (255, 0), (2300, 2048)])
def test_what_was_read_of_another_prefix_is_used_and_changes_nothing(reader, length, known):
    keeper = PrefixKeeper(reader, 10**9)
    keeper.get([*LONG[:2301], 5], "w")
    again, reused = keeper.get([*LONG[:length], 9], "w")
    fresh, unknown = PrefixKeeper(reader, 10**9).get([*LONG[:length], 9], "w")
    assert (reused, unknown) == (known, 0)
    for one, other in zip(layers(again), layers(fresh), strict=True):
        assert torch.equal(one, other)


def test_prefixes_of_other_weights_and_forgotten_ones_are_read_anew(reader):
    keeper = PrefixKeeper(reader, 10**9)
    keeper.get(LONG[:600], "one")
    assert keeper.get(LONG[:600], "two")[1] == 0
    assert keeper.get(LONG[:600], "one")[1] == 600
    keeper.forget()
    assert keeper.get(LONG[:600], "one")[1] == 0


def test_the_prefix_used_longest_ago_makes_room(reader):
    first, second, third = LONG[:100], LONG[100:200], LONG[200:300]
    one = sum(tensor.nbytes for tensor in layers(PrefixKeeper(reader, 1).get(first, "")[0]))
    keeper = PrefixKeeper(reader, 2 * one)
    for tokens in (first, second, first, third):
        keeper.get(tokens, "")
    assert [keeper.get(tokens, "")[1] for tokens in (first, third)] == [100, 100]
    assert keeper.get(second, "")[1] == 0


def test_a_prompt_alone_leaves_its_start_to_the_next(make_engine, tiny_folder, tmp_path):
    make_model(max_position_embeddings=2048).save_pretrained(tmp_path / "long")
    make_tokenizer().save_pretrained(tmp_path / "long")
    engine = make_engine(tmp_path / "long")
    rule = "river " * 400
    (first,) = answers(engine, [ask("a", system=rule)])
    (second,) = answers(engine, [ask("b", system=rule)])
    assert (first.cached_tokens, second.cached_tokens > 250) == (0, True)
    (alone,) = answers(make_engine(tmp_path / "long"), [ask("b", system=rule)])
    assert alone.text == second.text


def test_a_finished_row_is_not_read_past_the_models_last_position(make_engine, tmp_path):
    torch.manual_seed(1)
    small = GPT2Config(
        vocab_size=400,
        n_embd=48,
        n_layer=2,
        n_head=6,
        n_positions=128,
        initializer_range=0.3,
        bos_token_id=1,
        eos_token_id=2,
    )
    model = GPT2LMHeadModel(small).eval()
    model.save_pretrained(tmp_path / "gpt")
    make_tokenizer().save_pretrained(tmp_path / "gpt")
    # The first has few tokens left in the model's context, the others go on for longer.
    requests = [ask("a" * 90, max_tokens=4), *(ask(text, max_tokens=60) for text in PROSE * 2)]
    found = answers(make_engine(tmp_path / "gpt"), requests)
    assert found[0].prompt_tokens + 60 > 128
    expected = [by_generate(model, make_tokenizer(), request) for request in requests]
    assert [item.text for item in found] == expected
