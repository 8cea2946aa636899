"""`evalkit export` of cells whose prompt depends on the input, and of such whose does not."""

import json

SUITE = """
name = "colours"

[task]
use = "fake-task"

[[models]]
name = "parrot"
engine = "fake"

[[adapters]]
use = "few-shot"
k = 2
select = "{select}"

[[metrics]]
use = "contains"
"""


def exported(project, select):
    project.write("suite.toml", SUITE.format(select=select))
    project.run("run", "suite.toml", "-p", "evalkit.testing.fakes", check=True)
    command = ["export", "runs/latest", "few-shot", "out", "-p", "evalkit.testing.fakes"]
    project.run(*command, check=True)
    return json.loads((project.path / "out" / "prompt.json").read_text())


def test_demos_that_depend_on_the_input_leave_no_chat(project):
    prompt = exported(project, "most-similar")
    assert prompt["messages"] is None
    assert prompt["program"] == "evalkit_prompting.few_shot:FewShot"
    assert prompt["instruction"]
    card = (project.path / "out" / "README.md").read_text()
    assert "decides for each input what to ask" in card


def test_demos_that_were_drawn_once_are_in_the_chat(project):
    prompt = exported(project, "random")
    assert prompt["program"] is None
    assert len(prompt["messages"]) == 6
    assert prompt["placeholder"] in prompt["messages"][-1]["content"]
