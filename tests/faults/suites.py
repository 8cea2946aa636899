"""The suites of the tests of faults: small, and of every kind of job."""

import json

PARROT = """
[[models]]
name = "parrot"
engine = "noted"
answer = "recall"
"""
TASK = """
[task]
use = "fake-task"
train = {train}
test = {test}
choices = {choices}
"""
METHODS = """
[[adapters]]
use = "fake-adapter"
k = 2
ask = 3

[[adapters]]
use = "fake-bare"
steps = 3
"""
JUDGED = """
[[metrics]]
use = "contains"

[[comparisons]]
use = "fake-duel"
judge = "parrot"
"""
EXPECT = """
[[expect]]
method = "fake-adapter"
metric = "contains"
is = "at-least"
value = 0.0
"""


def suite(*, models=PARROT, methods=METHODS, rest=JUDGED, name="faults", **task):
    """A suite; by default one that asks while it adapts, in several steps, and judges."""
    given = {"train": 8, "test": 4, "choices": "false", **task}
    return "\n".join([f'name = "{name}"', TASK.format(**given), models, methods, rest])


ASKING = suite()
WEIGHING = suite(choices="true", methods=METHODS.replace("steps = 3", "weights = true"))
TOGETHER = suite(models=PARROT + 'batchwise = true\nabilities = ["generate", "choices"]\n', test=6)
WORKER = suite() + '\n[executor]\nuse = "worker"\n'


def remote(python):
    """The engine in a process of its own."""
    return suite(models=f'{PARROT}delay = 0.01\npython = "{python}"\n')


def slow(delay, *, test=12, **more):
    """One method, whose answers take so many seconds each."""
    models = f"{PARROT}delay = {delay}\n{more.pop('model', '')}"
    return suite(models=models, methods='[[adapters]]\nuse = "fake-bare"\n', test=test, **more)


ONE = '[[metrics]]\nuse = "contains"\n'

ENDPOINT = """
name = "endpoint"

[task]
instruction = "Say something."
input = "{{text}}"
target = "colour"
max-tokens = 6
test = "test.jsonl"

[[models]]
name = "served"
engine = "openai"
model = "model"
base-url = "{url}"
api-key-env = ""
max-connections = 4

[[adapters]]
use = "fake-bare"
steps = 2

[[metrics]]
use = "contains"
"""

MODEL = """
name = "model"

[task]
instruction = "Name the colour."
input = "{{text}}"
target = "colour"
max-tokens = {tokens}
train = "train.jsonl"
test = "test.jsonl"

[[models]]
name = "tiny"
engine = "transformers"
model = "{model}"
dtype = "{dtype}"
device = "cpu"

{adapters}

[[metrics]]
use = "contains"

[[comparisons]]
use = "fake-duel"
judge = "tiny"
limit = 2
"""
SHOWN = """
[[adapters]]
use = "fake-adapter"
k = 2
steps = 2
"""
TRAINED = """
[[adapters]]
use = "lora"
train-size = 8
rank = 4
lr = 0.01
epochs = 3
batch-size = 4
dropout = 0.1
checkpoint-every = 0.0
"""
OPTIMISED = """
[[adapters]]
use = "dspy"
optimizer = "bootstrap-random-search"
demos = 2
candidates = 2
metric = "contains"
threads = 4
train-size = 8
validation = 4
"""
COLOURS = ("red", "blue", "green", "grey")


def data(path):
    """Write what the suites with models read."""
    for split, things in (("train", ("ball", "hat", "door")), ("test", ("car",))):
        rows = [{"text": f"the {c} {t}", "colour": c} for t in things for c in COLOURS]
        path.joinpath(f"{split}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
