"""A random two-layer Llama with a byte-level tokenizer, written to a folder once."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from transformers.utils import logging

from evalkit import ResolvedModel
from evalkit.testing import FakeContext, FakeEngine, ListTask

TEMPLATE = (
    "{% for message in messages %}<|turn|>{{ message['role'] }}\n"
    "{{ message['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|turn|>assistant\n{% endif %}"
)


def _tokenizer() -> PreTrainedTokenizerFast:
    alphabet = sorted(ByteLevel.alphabet())
    tokens = ["<|none|>", "<|turn|>", "<|end|>", *alphabet]
    bare = Tokenizer(BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=[]))
    bare.pre_tokenizer = ByteLevel(add_prefix_space=False)
    bare.decoder = ByteLevelDecoder()
    made = PreTrainedTokenizerFast(
        tokenizer_object=bare,
        unk_token="<|none|>",
        eos_token="<|none|>",
        additional_special_tokens=["<|turn|>", "<|end|>"],
    )
    made.chat_template = TEMPLATE
    return made


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tokenizer = _tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=512,
        bos_token_id=None,
        eos_token_id=2,
        tie_word_embeddings=True,
        initializer_range=0.3,
    )
    logging.disable_progress_bar()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def resolved(model_folder: Path) -> ResolvedModel:
    return ResolvedModel(
        name="tiny",
        engine="fake",
        revision="tiny-1",
        dtype="float32",
        folder=str(model_folder),
        template_sha256=hashlib.sha256(TEMPLATE.encode()).hexdigest(),
        context_length=512,
        abilities=frozenset({"generate", "files", "weights:lora", "weights:dora", "weights:peft"}),
        device="cpu",
    )


@pytest.fixture
def scene(tmp_path: Path, resolved: ResolvedModel) -> Callable[..., FakeContext]:
    """Makes contexts for the tiny model, each with a folder of its own."""
    count = 0

    def make(model: ResolvedModel = resolved, **given: Any) -> FakeContext:
        nonlocal count
        count += 1
        folder = tmp_path / f"adapted-{count}"
        return FakeContext(
            **{"folder": folder, "task": ListTask(), "answer": FakeEngine(model=model), **given}
        )

    return make


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Several threads on matrices this small only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
