"""Values of variables that are called like keys are kept out of what is written of failures."""

import base64
import json
from urllib.parse import quote

import pytest

from evalkit.secrets import HIDDEN, hide

VALUE = 'canary/+&="q"\\0123456789'
FORMS = {
    "raw": VALUE,
    "url": quote(VALUE, safe=""),
    "path": quote(VALUE),
    "json": json.dumps(VALUE)[1:-1],
    "repr": repr(VALUE)[1:-1],
    "base64": base64.b64encode(VALUE.encode()).decode(),
    "base64url": base64.urlsafe_b64encode(VALUE.encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "name",
    ["SOME_API_KEY", "HF_TOKEN", "TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "openai_api_key"],
)
def test_keys_are_hidden_in_every_form(name, form):
    hidden = hide(f"sent {FORMS[form]} to", {name: VALUE})
    assert hidden.startswith(f"sent {HIDDEN}")
    assert "canary" not in hidden


@pytest.mark.parametrize("name", ["HOME", "TOKENIZERS_PARALLELISM", "KEYBOARD", "MONKEY"])
def test_other_variables_are_not(name):
    assert hide(f"at {VALUE}", {name: VALUE}) == f"at {VALUE}"


def test_short_values_are_words():
    assert hide("an EMPTY room", {"SOME_API_KEY": "EMPTY"}) == "an EMPTY room"


LEAKS = """
import os
from evalkit import Entry, hookimpl
from evalkit.testing.fakes.metric import Contains


class Leaks(Contains):
    def score(self, target, value):
        raise RuntimeError("401 for key " + os.environ["CANARY_API_KEY"])


@hookimpl
def evalkit_metrics():
    return [Entry(name="leaks", target="evalkit_plugins:Leaks")]
"""


@pytest.mark.parametrize("executor", ["local", "worker"])
def test_a_plugin_that_leaks_a_key_leaves_it_nowhere(lab, monkeypatch, executor):
    monkeypatch.setenv("CANARY_API_KEY", VALUE)
    lab.suite(metrics='[[metrics]]\nuse = "leaks"\n', executor=f'[executor]\nuse = "{executor}"\n')
    lab.write("evalkit_plugins.py", LEAKS)
    result = lab.run("--junitxml", "junit.xml")
    assert result.exit_code == 1, result.output
    assert f"401 for key {HIDDEN}" in (lab.path / "runs" / "latest" / "errors.log").read_text()
    files = [path for path in lab.path.rglob("*") if path.is_file()]
    for text in [result.output, *(path.read_bytes().decode(errors="replace") for path in files)]:
        assert not [form for form in FORMS.values() if form in text]
