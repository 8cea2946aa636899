"""A Llama-shaped model with random weights: the speed of a real one, without a hub.

Shapes are those of Llama 3 8B (https://arxiv.org/abs/2407.21783, table 3). Tokenizer and chat
template are taken from another model; the rest of the vocabulary is never used in prompts.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

LLAMA_8B = {
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
}
TINY = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 49408,
}
_SPREAD = 0.02
_TAKEN = (
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "generation_config.json",
)

Tensors = dict[str, torch.Tensor]


def make(folder: Path, tokenizer: Path, shape: dict[str, int], device: str) -> Path:
    """Write the model, one file a layer, unless it is there; its folder.

    Args:
        folder: where to.
        tokenizer: folder of the model whose tokenizer it gets.
        shape: `LLAMA_8B` or `TINY`.
        device: where the numbers are drawn.
    """
    if (folder / "model.safetensors.index.json").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    for name in _TAKEN:
        if (tokenizer / name).exists():
            shutil.copyfile(tokenizer / name, folder / name)
    ends = json.loads((tokenizer / "config.json").read_text(encoding="utf-8"))
    _write(folder / "config.json", config(shape, ends))
    torch.manual_seed(0)
    places: dict[str, str] = {}
    size = 0
    for number, tensors in enumerate(files(shape, device)):
        name = f"model-{number:05d}.safetensors"
        save_file(tensors, folder / name, metadata={"format": "pt"})
        places.update(dict.fromkeys(tensors, name))
        size += sum(one.nbytes for one in tensors.values())
    index = {"metadata": {"total_size": size}, "weight_map": places}
    _write(folder / "model.safetensors.index.json", index)  # last: it says that all is there
    return folder


def config(shape: dict[str, int], ends: dict[str, Any]) -> dict[str, Any]:
    """The configuration; `ends` has the ids of the tokenizer's special tokens."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        **shape,
        "hidden_act": "silu",
        "max_position_embeddings": 8192,
        "rms_norm_eps": 1e-5,
        "rope_theta": 500000.0,
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
        **{key: ends.get(key) for key in ("bos_token_id", "eos_token_id", "pad_token_id")},
    }


def files(shape: dict[str, int], device: str) -> Iterator[Tensors]:
    """The tensors of each file: one for what stands around the layers, one for each of them."""
    hidden, inner = shape["hidden_size"], shape["intermediate_size"]
    keys = hidden // shape["num_attention_heads"] * shape["num_key_value_heads"]

    def drawn(rows: int, columns: int) -> torch.Tensor:
        made = torch.empty(rows, columns, dtype=torch.bfloat16, device=device)
        return made.normal_(std=_SPREAD).cpu()

    def ones() -> torch.Tensor:
        return torch.ones(hidden, dtype=torch.bfloat16)

    yield {
        "model.embed_tokens.weight": drawn(shape["vocab_size"], hidden),
        "lm_head.weight": drawn(shape["vocab_size"], hidden),
        "model.norm.weight": ones(),
    }
    for layer in range(shape["num_hidden_layers"]):
        at = f"model.layers.{layer}"
        yield {
            f"{at}.self_attn.q_proj.weight": drawn(hidden, hidden),
            f"{at}.self_attn.k_proj.weight": drawn(keys, hidden),
            f"{at}.self_attn.v_proj.weight": drawn(keys, hidden),
            f"{at}.self_attn.o_proj.weight": drawn(hidden, hidden),
            f"{at}.mlp.gate_proj.weight": drawn(inner, hidden),
            f"{at}.mlp.up_proj.weight": drawn(inner, hidden),
            f"{at}.mlp.down_proj.weight": drawn(hidden, inner),
            f"{at}.input_layernorm.weight": ones(),
            f"{at}.post_attention_layernorm.weight": ones(),
        }


def products(folder: Path) -> int:
    """How many parameters multiply each token: all matrices but the embedding."""
    shape = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    hidden, inner = shape["hidden_size"], shape["intermediate_size"]
    keys = hidden // shape["num_attention_heads"] * shape["num_key_value_heads"]
    layer = 2 * hidden * hidden + 2 * hidden * keys + 3 * hidden * inner
    return int(shape["num_hidden_layers"] * layer + shape["vocab_size"] * hidden)


def _write(path: Path, form: dict[str, Any]) -> None:
    path.write_text(json.dumps(form, indent=2) + "\n", encoding="utf-8")
