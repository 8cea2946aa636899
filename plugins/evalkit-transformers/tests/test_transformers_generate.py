"""Generated answers, held against transformers' own `generate`."""

import json
import shutil
from dataclasses import replace

import pytest
import torch
from transformers import MistralConfig, MistralForCausalLM

from evalkit import Completion, EngineError, Failure, HostedModel, Message, Request
from evalkit_transformers.attention import Prefix
from evalkit_transformers.loading import shares
from evalkit_transformers.rows import PlainRows, SharedRows

from .tiny_llama import PROSE, ask, make_model, make_tokenizer

TEXTS = [*PROSE, "Bread", "the old stone bridge " * 5, "gulls?", "Seven boats follow the river."]
RULE = "Answer with the words of the valley and nothing else, as briefly as you can."


def answers(engine, requests):
    found = dict(engine.generate(requests))
    assert sorted(found) == list(range(len(requests)))
    return [found[at] for at in range(len(requests))]


def tokens_of(completion):
    return make_tokenizer().encode(completion.text, add_special_tokens=False)


def expected(model, request):
    """The text of plain `generate`, and how many tokens it took."""
    tokenizer = make_tokenizer()
    turns = [{"role": turn.role, "content": turn.content} for turn in request.messages]
    ids = tokenizer.apply_chat_template(
        turns, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    output = model.generate(**ids, max_new_tokens=request.max_tokens, do_sample=False)
    new = output[0, ids["input_ids"].shape[1] :]
    return tokenizer.decode(new, skip_special_tokens=True), len(new)


def test_answers_are_those_of_plain_generate(engine, plain):
    requests = [ask(text, system=RULE, max_tokens=24) for text in TEXTS]
    for found, request in zip(answers(engine, requests), requests, strict=True):
        assert (found.text, found.completion_tokens) == expected(plain, request)


def test_an_answer_alone_is_that_of_plain_generate(engine, plain):
    request = ask(TEXTS[0], max_tokens=40)
    found = answers(engine, [request])[0]
    assert (found.text, found.completion_tokens) == expected(plain, request)


def test_small_batches_change_nothing(engine, make_engine):
    requests = [ask(text, system=RULE) for text in TEXTS]
    whole, single = answers(engine, requests), answers(make_engine(batch_tokens=1), requests)
    assert [found.text for found in whole] == [found.text for found in single]


def test_a_shared_prefix_changes_nothing_and_is_counted(make_engine, monkeypatch):
    requests = [ask(text, system=RULE) for text in TEXTS]
    shared = answers(make_engine(), requests)
    monkeypatch.setattr("evalkit_transformers.loading.shares", lambda model: False)
    apart = answers(make_engine(), requests)
    assert [found.text for found in shared] == [found.text for found in apart]
    assert [found.cached_tokens for found in apart] == [0] * len(TEXTS)
    saved = [found.cached_tokens for found in shared]
    assert saved[0] == 0
    assert len(set(saved[1:])) == 1
    assert saved[1] > 20
    assert [f.prompt_tokens for f in shared] == [f.prompt_tokens for f in apart]


def test_a_prefix_is_kept_for_further_requests(make_engine):
    engine = make_engine()
    requests = [ask(text, system=RULE) for text in TEXTS]
    first, again = answers(engine, requests), answers(engine, requests)
    assert [found.text for found in again] == [found.text for found in first]
    assert first[0].cached_tokens == 0
    assert {found.cached_tokens for found in again} == {first[1].cached_tokens}
    other = answers(engine, [ask(text, system=f"Listen. {RULE}") for text in TEXTS])
    assert other[0].cached_tokens == 0


def test_each_request_has_its_own_limit(engine):
    requests = [ask(TEXTS[0], max_tokens=limit) for limit in (1, 9, 4)]
    found = answers(engine, requests)
    assert [item.completion_tokens for item in found] == [1, 9, 4]
    assert {item.finish_reason for item in found} == {"length"}
    assert found[1].text.startswith(found[2].text)


def test_a_stop_text_ends_an_answer_and_is_no_part_of_it(engine):
    free, *_ = answers(engine, [ask(TEXTS[0], max_tokens=40)])
    stop = free.text[7:11]
    stopped, other = answers(
        engine, [ask(TEXTS[0], max_tokens=40, stop=("never", stop)), ask(TEXTS[0], max_tokens=40)]
    )
    assert stopped.text == free.text[: free.text.index(stop)]
    assert stopped.finish_reason == "stop"
    assert stopped.completion_tokens < free.completion_tokens
    assert other.text == free.text


def test_the_end_token_ends_an_answer(make_engine, tiny_folder, tmp_path):
    engine = make_engine()
    free, *_ = answers(engine, [ask(TEXTS[0], max_tokens=6)])
    ids = generated_ids(engine, ask(TEXTS[0], max_tokens=6))
    folder = shutil.copytree(tiny_folder, tmp_path / "other")
    config = folder / "generation_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "eos_token_id": [2, ids[3]]}))
    ended, *_ = answers(make_engine(folder), [ask(TEXTS[0], max_tokens=6)])
    assert ended.finish_reason == "stop"
    assert ended.completion_tokens == ids.index(ids[3]) + 1
    assert free.text.startswith(ended.text)


def generated_ids(engine, request):
    resident = engine._load()
    prompt = resident.preparer.prepare(0, request).prompt
    output = resident.loaded.model.generate(
        torch.tensor([prompt]), max_new_tokens=request.max_tokens, do_sample=False
    )
    return output[0, len(prompt) :].tolist()


def test_finished_rows_do_not_hold_up_the_others(engine):
    limits = [2, 30, 3, 2, 2, 17]
    requests = [ask(text, max_tokens=m) for text, m in zip(TEXTS, limits, strict=False)]
    order = [at for at, _ in engine.generate(requests)]
    assert [limits[at] for at in order] == sorted(limits)


def test_a_sample_depends_on_its_seed_alone(engine):
    hot = [ask(TEXTS[0], temperature=1.5, seed=seed) for seed in (1, 2, 1)]
    one, two, same = answers(engine, hot)
    assert one.text == same.text != two.text
    cold = [ask(text) for text in TEXTS]
    mixed = answers(engine, [*cold, hot[0]])
    assert mixed[-1].text == one.text
    assert [found.text for found in mixed[:-1]] == [f.text for f in answers(engine, cold)]


def test_samples_without_a_seed_differ(engine):
    hot = [ask(TEXTS[0], temperature=1.5, max_tokens=20) for _ in range(3)]
    assert len({found.text for found in answers(engine, hot)}) == 3


def test_a_prompt_too_long_names_length_and_limit(engine):
    long = ask("river " * 400)
    refused, answered = answers(engine, [long, ask("river")])
    assert isinstance(refused, Failure)
    assert "256" in refused.reason
    assert isinstance(answered, Completion)
    room = ask("river", max_tokens=256)
    assert isinstance(answers(engine, [room])[0], Failure)


def test_what_the_engine_cannot_do_is_a_failure(engine):
    hosted = HostedModel(provider="p", job_id="j", model_id="m")
    requests = [
        replace(ask("a"), weights=hosted),
        ask("a"),
    ]
    first, second = answers(engine, requests)
    assert "local models only" in first.reason
    assert isinstance(second, Completion)


def test_text_that_cannot_be_encoded_fails_alone(engine):
    refused, answered = answers(engine, [ask("a\ud800b"), ask("a")])
    assert isinstance(refused, Failure)
    assert isinstance(answered, Completion)


STRICT = (
    "{% for m in messages %}{% if m['role'] == 'system' %}"
    "{{ raise_exception('no system role') }}{% endif %}"
    "<turn>{{ m['role'] }}: {{ m['content'] }}<end>{% endfor %}"
    "{% if add_generation_prompt %}<turn>assistant: {% endif %}"
)


def test_a_template_without_a_system_role_gets_it_in_the_user_turn(
    make_engine, tiny_folder, tmp_path
):
    folder = shutil.copytree(tiny_folder, tmp_path / "strict")
    (folder / "chat_template.jinja").write_text(STRICT)
    strict = make_engine(folder)
    apart = Request(messages=(Message("system", "Be brief."), Message("user", "a")), max_tokens=8)
    joined = Request(messages=(Message("user", "Be brief.\n\na"),), max_tokens=8)
    found = answers(strict, [apart, joined])
    assert found[0].text == found[1].text
    assert found[0].prompt_tokens == found[1].prompt_tokens


REFUSING = "{% if messages|length > 1 %}{{ raise_exception('one turn only') }}{% endif %}<turn>"


def test_a_chat_that_the_template_refuses_is_a_failure(make_engine, tiny_folder, tmp_path):
    folder = shutil.copytree(tiny_folder, tmp_path / "refusing")
    (folder / "chat_template.jinja").write_text(REFUSING)
    chat = Request(messages=(Message("user", "a"), Message("user", "b")), max_tokens=2)
    refused, answered = answers(make_engine(folder), [chat, ask("a", max_tokens=2)])
    assert "one turn only" in refused.reason
    assert isinstance(answered, Completion)


def test_a_closed_engine_loads_again(engine):
    before = answers(engine, [ask("a")])
    engine.close()
    assert answers(engine, [ask("a")])[0].text == before[0].text


def test_a_device_that_is_not_there_is_an_error(make_engine):
    engine = make_engine()
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    engine.model = replace(engine.model, device="cuda")
    with pytest.raises(EngineError, match="no GPU") as caught:
        answers(engine, [ask("a")])
    assert "device" in caught.value.hint


def test_a_model_with_a_sliding_window_keeps_its_own_attention(make_engine, tmp_path):
    torch.manual_seed(3)
    config = make_model().config.to_dict()
    kept = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "bos_token_id")
    kept += ("num_attention_heads", "num_key_value_heads", "initializer_range", "eos_token_id")
    model = MistralForCausalLM(
        MistralConfig(**{key: config[key] for key in kept}, sliding_window=16, head_dim=8)
    )
    assert not shares(model)
    model.save_pretrained(tmp_path / "sliding")
    make_tokenizer().save_pretrained(tmp_path / "sliding")
    requests = [ask(text, system=RULE) for text in TEXTS[:4]]
    found = answers(make_engine(tmp_path / "sliding"), requests)
    for item, request in zip(found, requests, strict=True):
        assert item.text == expected(model.eval(), request)[0]
        assert item.cached_tokens == 0


def test_both_kinds_of_rows_say_the_same(tiny_folder):
    model = make_model().eval()
    prompts = [[5, 6, 7, 8, 9], [5, 6, 7], [11] * 9]
    more = torch.tensor([[21], [22], [23]])
    ordinary = PlainRows(model, prompts)
    before = [ordinary.begin(), ordinary.read(more)]
    ordinary.change([2, 0], None, room=1)
    before.append(ordinary.read(more[:2]))
    assert shares(model)
    rows = SharedRows(model, prompts, prefix=Prefix(), room=2)
    after = [rows.begin(), rows.read(more)]
    rows.change([2, 0], None, room=1)
    after.append(rows.read(more[:2]))
    for old, new in zip(before, after, strict=True):
        torch.testing.assert_close(old, new, rtol=1e-4, atol=1e-4)
