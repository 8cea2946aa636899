"""How what was exported is used, as a card says it: words, and Python that runs. Pure."""

import json

from evalkit.export.shipped import Shipped

_IMPORTS = "import json\nfrom pathlib import Path\n"
_IMPORTS_PEFT = """\
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
"""
_IMPORTS_MERGED = "from transformers import AutoModelForCausalLM, AutoTokenizer\n"
_PROMPT = """\
folder = Path(".")  # the folder of this file
prompt = json.loads((folder / "prompt.json").read_text(encoding="utf-8"))
"""
_LOAD_PEFT = """\
base = {base}{where}
tokenizer = AutoTokenizer.from_pretrained(base)
model = AutoModelForCausalLM.from_pretrained(base, dtype={dtype})
model = PeftModel.from_pretrained(model, folder)
"""
_LOAD_MERGED = """\
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto")
"""
_MESSAGES = '''\
def messages(text):
    """The chat about an input."""
    mark = prompt["placeholder"]
    return [
        {"role": turn["role"], "content": turn["content"].replace(mark, text)}
        for turn in prompt["messages"]
    ]
'''
_ANSWER = '''\
def answer(text):
    """What the model answers to an input."""
    inputs = tokenizer.apply_chat_template(
        messages(text), add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    request = prompt["request"]
    tokens = model.generate(
        **inputs,
        max_new_tokens=request["max_tokens"],
        do_sample=False,
        stop_strings=request["stop"] or None,
        tokenizer=tokenizer,
    )
    written = tokenizer.decode(tokens[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    return min((written.partition(stop)[0] for stop in request["stop"]), key=len, default=written)
'''


def usage(shipped: Shipped) -> str:
    """Sentences and a block of Python."""
    return "\n\n".join([_words(shipped), f"```python\n{_code(shipped)}```", *_rules(shipped)])


def _words(shipped: Shipped) -> str:
    if shipped.prompt["messages"] is None:
        return (
            "The method decides for each input what to ask "
            f"(`{shipped.prompt['program']}`), and needs evalkit for that. `prompt.json` holds "
            "what it starts from: `instruction`, `demos` and `state`."
        )
    return (
        "`prompt.json` holds the prompt: `messages` is the chat, in which `placeholder` stands for "
        "the input, and `request` says how the answer was asked for."
    )


def _code(shipped: Shipped) -> str:
    asks = shipped.prompt["messages"] is not None
    imports, load = _loading(shipped)
    parts = [_IMPORTS, *imports, _PROMPT, *load]
    if asks:
        parts.append("\n" + _MESSAGES)
    if asks and load and not _rules(shipped):
        parts.append("\n" + _ANSWER)
    return "\n".join(parts)


def _loading(shipped: Shipped) -> tuple[list[str], list[str]]:
    """The imports and the lines that load a model, if there is one to load."""
    if shipped.merged:
        return [_IMPORTS_MERGED], [_LOAD_MERGED]
    if not shipped.peft:
        return [], []
    where = "" if shipped.base.public else "  # put in where you have this model"
    # As JSON, since the results of a run may be somebody else's: a name stays a name.
    base, dtype = json.dumps(shipped.base.name), json.dumps(shipped.base.dtype)
    return [_IMPORTS_PEFT], [_LOAD_PEFT.format(base=base, where=where, dtype=dtype)]


def _rules(shipped: Shipped) -> list[str]:
    """By which rules an answer was had that plain generation does not know."""
    found = []
    prompt, cell = shipped.prompt, shipped.cell
    if prompt["program"] and prompt["messages"]:
        asked = cell["usage"]["predict"]["requests"] / cell["examples"]
        found.append(
            f"`messages` is what the method's own program (`{prompt['program']}`) asks first; it "
            f"asked {asked:g} times for an answer, and reads the answer out of what was written."
        )
    if prompt["request"]["choices"]:
        found.append(
            "The answer was the likeliest of `choices`, by the sum of the log-probabilities of its "
            "tokens; nothing was generated."
        )
    if prompt["request"]["schema"]:
        found.append("The answer was forced to follow the JSON schema `schema`.")
    return found
