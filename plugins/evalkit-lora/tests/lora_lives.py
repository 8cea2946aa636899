"""The lives of trainings: each in a process of its own, which may be killed on its way.

A program, so that the libraries are imported once and each life is a fork. It reads a JSON list of
lives from standard input and writes a JSON list of [exit code, events] to standard output.
"""

import gc
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

from evalkit import LocalWeights, ResolvedModel
from evalkit.testing import FakeContext, FakeEngine, ListTask
from evalkit_lora.adapter import LoraAdapter
from evalkit_lora.params import LoraParams


class Scene(FakeContext):
    """A context that writes down each event at once, and may be killed at one."""

    def __init__(self, life: dict[str, Any], log: int) -> None:
        model = ResolvedModel(**life["model"], abilities=frozenset({"files", "weights:lora"}))
        super().__init__(
            folder=Path(life["folder"]), task=ListTask(), answer=FakeEngine(model=model)
        )
        self._log = log
        self._kill = life.get("kill") or {"at": None}
        self._steps = 0
        if self._kill["at"] not in (None, "progress"):
            self._hook(str(self.checkpoints), self._kill["at"], self._kill["number"])

    def progress(self, done: int, total: int, note: str = "") -> None:
        self.tell({"done": done, "note": note})
        self._steps += note.startswith("loss")
        if self._kill == {"at": "progress", "number": self._steps}:
            os.kill(os.getpid(), signal.SIGKILL)

    def tell(self, event: dict[str, Any]) -> None:
        os.write(self._log, f"{json.dumps(event)}\n".encode())

    def _hook(self, folder: str, at: str, left: int) -> None:
        """Kill this process before it does something with its checkpoints for the n-th time."""

        def kill(event: str, given: tuple[Any, ...]) -> None:
            nonlocal left
            if event == at and str(given[0]).startswith(folder):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(kill)


def live(life: dict[str, Any], log: int) -> None:
    torch.set_num_threads(1)
    scene = Scene(life, log)
    try:
        adapted = LoraAdapter(LoraParams(**life["params"])).adapt(scene)
    except OSError as error:
        scene.tell({"errno": error.errno, "path": error.filename})
    else:
        assert isinstance(adapted.weights, LocalWeights)
        scene.tell({"sha256": adapted.weights.sha256, "report": dict(adapted.report)})


def main() -> None:
    plan = json.load(sys.stdin)
    if plan["disk"]:  # in a mount namespace of its own
        size = f"size={plan['disk']['size']}"
        mount = ["mount", "-t", "tmpfs", "-o", size, "none", plan["disk"]["folder"]]
        subprocess.run(mount, check=True)
    gc.freeze()  # else each life looks through all that was imported, again and again
    outcomes = []
    for number, life in enumerate(plan["lives"]):
        ballast = Path(life["folder"]).with_name("ballast")
        if "leave" in life:
            room = os.statvfs(ballast.parent)
            ballast.write_bytes(bytes(room.f_bavail * room.f_frsize - life["leave"]))
        path = Path(plan["logs"]) / f"{number}.jsonl"
        log = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        process = os.fork()
        if process == 0:
            live(life, log)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        os.close(log)
        ballast.unlink(missing_ok=True)
        outcomes.append([code, [json.loads(line) for line in path.read_text().splitlines()]])
    json.dump(outcomes, sys.stdout)


if __name__ == "__main__":
    main()
