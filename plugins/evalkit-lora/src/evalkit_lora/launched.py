"""What each process of ``accelerate launch`` runs: its part of a training.

The parent hears of it by marked lines on standard output; the weights are written by rank 0.
"""

import json
import os
import sys
import threading
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, cast

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]
from accelerate.utils import broadcast  # type: ignore[import-untyped]

from evalkit import AdaptationError, Json
from evalkit_lora.caller import Caller
from evalkit_lora.launch import MARK
from evalkit_lora.memory import OutOfMemory, within_memory
from evalkit_lora.tuning import Order, Tuned, carry_out


class Processes:
    """The team that accelerate started; see `Team`."""

    def __init__(self, accelerator: Accelerator) -> None:
        """Find out which one this process is."""
        self._accelerator = accelerator
        self.rank = accelerator.process_index
        self.size = accelerator.num_processes

    def sum(self, values: torch.Tensor) -> torch.Tensor:
        """The sum over all processes."""
        return cast("torch.Tensor", self._accelerator.reduce(values, reduction="sum"))

    def first(self, values: torch.Tensor) -> torch.Tensor:
        """What rank 0 has."""
        return cast("torch.Tensor", broadcast(values))


def main() -> None:
    """Carry out the order in the file that the command line names."""
    asked = threading.Event()
    threading.Thread(target=_obey_parent, args=(asked,), daemon=True).start()
    try:
        order = Order.from_json(json.loads(Path(sys.argv[1]).read_text()))
        team = Processes(Accelerator(cpu=order.base.device.type == "cpu"))
        caller = Caller(_progress if team.rank == 0 else _silence, asked.is_set, _stopped)
        tuned = within_memory(lambda: _carry_out(order, caller, team))
    except OutOfMemory as error:
        _fail("memory", error.message, error.hint)
    except AdaptationError as error:
        _fail("adaptation", error.message, error.hint)
    except Exception as error:
        if isinstance(error, OSError) and error.filename:
            _fail("machine", error.strerror or "", errno=error.errno, path=str(error.filename))
        # It may be the echo of another process's end: the parent decides what to show.
        _fail("bug", f"{type(error).__name__}: {error}", traceback.format_exc(limit=-4))
    if team.rank == 0:
        _tell({"tuned": tuned.to_json()})
    _leave(0)


def _carry_out(order: Order, caller: Caller, team: Processes) -> Tuned:
    device = order.base.device
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
    own = replace(order, base=replace(order.base, device=device))
    return carry_out(own, caller, team)


def _progress(done: int, total: int, note: str) -> None:
    _tell({"progress": [done, total, note]})


def _silence(done: int, total: int, note: str) -> None:
    """Rank 0 reports for all."""


def _stopped() -> NoReturn:
    _tell({"stopped": True})
    _leave(0)


def _fail(kind: str, message: str, hint: str = "", **more: Json) -> NoReturn:
    _tell({"failure": {"kind": kind, "message": message, "hint": hint, **more}})
    _leave(1)


def _leave(code: int) -> NoReturn:
    """End at once: torch's threads that wait for the others now and then abort an orderly end.

    What has to be kept is written by then.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _tell(event: dict[str, Any]) -> None:
    """One line, written at once: lines of several processes must not mix."""
    os.write(1, f"{MARK}{json.dumps(event)}\n".encode())


def _obey_parent(asked: threading.Event) -> None:
    """The pipe at standard input ends when the process at its other end does, and so do we.

    Whatever comes through it before asks to stop. One process of all gets to read it.
    """
    while os.read(0, 1024):
        asked.set()
    os._exit(1)


if __name__ == "__main__":
    main()
