"""An engine that is paid by the token, in a plugin of the lab's own folder."""

import json
import zlib

PLUGIN = """
import time
from evalkit import Attempt, Entry, ModelError, Params, hookimpl
from evalkit.testing import FakeEngine


class MeterParams(Params):
    delay: float = 0.0
    refuse: bool = False
    silent: bool = False


class Meter(FakeEngine):
    def __init__(self, model, params):
        super().__init__(model=model)
        self.params = params

    def check(self):
        if self.params.silent:
            raise ModelError("nobody is there", "start the server")
        self.journal.attempt(Attempt(outcome="answered", seconds=0.0, prompt_tokens=10))

    def generate(self, requests):
        for index, answer in super().generate(requests):
            time.sleep(self.params.delay)
            if self.params.refuse:
                self.journal.attempt(Attempt(outcome="429", seconds=0.0))
            told = Attempt(
                outcome="answered", seconds=0.0, prompt_tokens=1000, completion_tokens=100
            )
            self.journal.attempt(told)
            yield index, answer


def resolve(name, params, notify):
    return FakeEngine.resolved(name)


@hookimpl
def evalkit_engines():
    return [
        Entry(
            name="meter",
            target="evalkit_plugins:Meter",
            params="evalkit_plugins:MeterParams",
            resolver="evalkit_plugins:resolve",
        )
    ]
"""
MODELS = '[[models]]\nname = "paid"\nengine = "meter"\nprices = { input = 1.0, output = 10.0 }\n'
BARE = '[[adapters]]\nuse = "fake-bare"\n'
ANSWER = 0.002
"""What one answer costs."""
CHECK = 0.00001
"""What the sign of life before a run costs."""


def metered(lab, top="", models=MODELS, adapters=BARE, **tables):
    """Write the plugin, and a suite that uses it."""
    lab.write("evalkit_plugins.py", PLUGIN)
    lab.suite(f'name = "trial"\n{top}', models=models, adapters=adapters, **tables)


def entries(lab, run="latest"):
    """What the ledger of a run says, line by line; each must be whole."""
    path = lab.path / "runs" / run / "ledger.jsonl"
    found = []
    for line in path.read_bytes().splitlines():
        body, _, check = line.rpartition(b',"check":"')
        assert check == b'%08x"}' % zlib.crc32(body)
        found.append(json.loads(line))
    return found


def attempts(lab, run="latest"):
    """The attempts at requests in a ledger."""
    return [form for form in entries(lab, run) if form.get("model")]
