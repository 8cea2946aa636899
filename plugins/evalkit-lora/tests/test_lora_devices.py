"""Two processes on the CPU, started by accelerate: the same training, and a clean end."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import torch

from evalkit import AdaptationError, StopRequested
from evalkit_lora import launch
from evalkit_lora.adapter import LoraAdapter
from evalkit_lora.base import Base
from evalkit_lora.caller import Caller
from evalkit_lora.chat import Text
from evalkit_lora.launch import train_on
from evalkit_lora.memory import OutOfMemory
from evalkit_lora.params import LoraParams
from evalkit_lora.tuning import Order, Tuned, carry_out

QUICK = {"rank": 4, "lr": 1e-2, "epochs": 2, "batch_size": 4}


def adapter(**given) -> LoraAdapter:
    return LoraAdapter(LoraParams(**{**QUICK, **given}))


def silence(*_: object) -> None:
    pass


@pytest.fixture
def order(model_folder, tmp_path) -> Order:
    return order_in(tmp_path, model_folder)


def order_in(folder: Path, model_folder: Path) -> Order:
    """Nine texts in batches of four: in the last one the second process has nothing to do."""
    texts = tuple(Text(tuple(range(5, 25 + n)), 12 + n) for n in range(9))
    return Order(
        base=Base(folder=model_folder, dtype=torch.float32, device=torch.device("cpu")),
        params=LoraParams(**QUICK),
        texts=texts,
        seed=1,
        folder=folder / "adapted",
        checkpoints=folder / "checkpoints",
        model_name="tiny",
        revision="tiny-1",
    )


@pytest.fixture(scope="module")
def two(model_folder, tmp_path_factory) -> tuple[Tuned, list[tuple[int, int, str]], bytes]:
    """What two processes come to, what they told, and the weights that they saved."""
    order = order_in(tmp_path_factory.mktemp("two"), model_folder)
    told: list[tuple[int, int, str]] = []
    tuned = train_on(2, order, Caller(lambda *event: told.append(event)))
    return tuned, told, saved(order)


def saved(order: Order) -> bytes:
    return (order.folder / "weights.partial" / "adapter_model.safetensors").read_bytes()


def test_two_processes_come_to_the_losses_of_one(order, two) -> None:
    one = carry_out(order, Caller(silence))
    tuned, told, _ = two
    assert tuned.training.losses == pytest.approx(one.training.losses, rel=1e-4)
    assert tuned.expected == pytest.approx(one.expected, rel=1e-3, abs=1e-4)
    assert told[0] == (0, 6, "loading the model")
    assert [done for done, _, _ in told[1:]] == [1, 2, 3, 4, 5, 6]


OTHERWISE = """
import os
if os.environ.get("RANK") == "1":
    import torch
    split = torch.linalg.svd
    def turned(*given, **options):
        u, s, v = split(*given, **options)
        return u, 1.5 * s.flip(0), v
    torch.linalg.svd = turned
"""


def test_processes_that_begin_otherwise_go_on_from_the_same_weights(
    order, tmp_path, monkeypatch
) -> None:
    """The second one splits the base weights in another way than the first."""
    (tmp_path / "sitecustomize.py").write_text(OTHERWISE)
    asked = replace(order, params=LoraParams(**QUICK, method="pissa"))
    one = carry_out(asked, Caller(silence))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    two = train_on(2, asked, Caller(silence))
    assert two.training.losses == pytest.approx(one.training.losses, rel=1e-4)
    assert two.expected == pytest.approx(one.expected, rel=1e-3, abs=1e-4)


@pytest.mark.slow
def test_an_adaptation_on_two_devices_is_checked_and_reported(scene) -> None:
    adapted = adapter(devices=2, epochs=1).adapt(scene())
    assert adapted.report["devices"] == 2
    assert (Path(adapted.weights.folder) / "adapter_model.safetensors").is_file()


@pytest.mark.slow
def test_what_a_process_cannot_do_is_told_in_its_words(order) -> None:
    wild = replace(order, params=LoraParams(**{**QUICK, "lr": 1e30}))
    with pytest.raises(AdaptationError, match="went astray at step 2 of 6") as caught:
        train_on(2, wild, Caller(silence))
    assert "lower lr" in caught.value.hint


KILLED = """
import os, signal, sys
kept = 0
def kill(event, given):
    global kept
    if event == "os.rename" and str(given[1]).startswith(os.environ["CHECKPOINTS"]):
        kept += 1
        if kept == 3:
            os.kill(os.getpid(), signal.SIGKILL)
if os.environ.get("RANK") == "0":
    sys.addaudithook(kill)
"""


@contextmanager
def a_process_killed_at_its_third_checkpoint(order: Order, folder: Path) -> Iterator[None]:
    (folder / "sitecustomize.py").write_text(KILLED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        patch.setenv("CHECKPOINTS", str(order.checkpoints))
        with pytest.raises(AdaptationError, match="a process was ended by SIGKILL"):
            yield


def test_a_process_that_is_killed_ends_all_and_says_so_and_all_go_on_from_its_checkpoint(
    order, two, tmp_path
) -> None:
    asked = replace(order, params=LoraParams(**QUICK, checkpoint_every=0))
    trainers: list[psutil.Process] = []
    told: list[tuple[int, int, str]] = []

    def listen(done: int, total: int, note: str) -> None:
        if done == 1:
            trainers.extend(running())

    with a_process_killed_at_its_third_checkpoint(asked, tmp_path):
        train_on(2, asked, Caller(listen))
    assert len(trainers) == 2
    assert psutil.wait_procs(trainers, timeout=10)[1] == []
    tuned = train_on(2, asked, Caller(lambda *event: told.append(event)))
    assert told[1][::2] == (2, "going on from step 2")
    assert [done for done, _, _ in told[2:]] == [3, 4, 5, 6]
    assert (tuned, saved(asked)) == (two[0], two[2])


@pytest.mark.slow
@pytest.mark.parametrize("given", [{"dropout": 0.2}, {"method": "pissa", "accumulation": 2}])
def test_processes_that_stop_and_are_killed_come_to_the_same_in_the_end(
    order, tmp_path, given
) -> None:
    params = LoraParams(**{**QUICK, "epochs": 8, **given})
    whole = replace(order, params=params, folder=tmp_path / "whole", checkpoints=tmp_path / "none")
    asked = replace(order, params=params.model_copy(update={"checkpoint_every": 0.0}))
    told: list[tuple[int, int, str]] = []
    expected = train_on(2, whole, Caller(silence))
    listening = Caller(lambda *event: told.append(event), lambda: len(told) > 2)
    with pytest.raises(StopRequested):
        train_on(2, replace(asked, params=params), listening)
    assert len(list(asked.checkpoints.iterdir())) == 1
    with a_process_killed_at_its_third_checkpoint(asked, tmp_path):
        train_on(2, asked, Caller(lambda *event: told.append(event)))
    found = train_on(2, asked, Caller(lambda *event: told.append(event)))
    assert (found, saved(asked)) == (expected, saved(whole))
    assert sum(note.startswith("going on") for _, _, note in told) == 2


@pytest.mark.slow
def test_what_the_disk_refuses_a_process_is_told_with_its_path(order) -> None:
    order.checkpoints.write_text("in the way")
    asked = replace(order, params=LoraParams(**QUICK, checkpoint_every=0))
    with pytest.raises(NotADirectoryError) as caught:
        train_on(2, asked, Caller(silence))
    assert caught.value.filename == str(order.checkpoints / "writing")


def test_a_launcher_that_is_killed_leaves_no_process_behind(order) -> None:
    long = replace(order, params=LoraParams(**{**QUICK, "epochs": 2000}))
    trainers: list[psutil.Process] = []

    def kill_the_launcher(done: int, total: int, note: str) -> None:
        if done == 1:
            trainers.extend(running())
            trainers[0].parent().kill()

    with pytest.raises(AdaptationError, match="a process was ended by SIGKILL"):
        train_on(2, long, Caller(kill_the_launcher))
    assert len(trainers) == 2
    assert psutil.wait_procs(trainers, timeout=10)[1] == []


def running() -> list[psutil.Process]:
    """The trainers among this process's descendants."""
    below = psutil.Process().children(recursive=True)
    return [one for one in below if "evalkit_lora.launched" in one.cmdline() and is_trainer(one)]


def is_trainer(process: psutil.Process) -> bool:
    return "accelerate.commands.launch" not in process.cmdline()


@pytest.mark.slow
def test_an_interrupt_ends_the_processes(order) -> None:
    long = replace(order, params=LoraParams(**{**QUICK, "epochs": 2000}))
    trainers: list[psutil.Process] = []

    def interrupt(done: int, total: int, note: str) -> None:
        if done == 1:
            trainers.extend(running())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_on(2, long, Caller(interrupt))
    assert len(trainers) == 2
    assert psutil.wait_procs(trainers, timeout=10)[1] == []


PARENT = """
import json, sys
from pathlib import Path
from evalkit_lora.caller import Caller
from evalkit_lora.launch import train_on
from evalkit_lora.tuning import Order
order = Order.from_json(json.loads(Path(sys.argv[1]).read_text()))
train_on(2, order, Caller(lambda *event: print(*event, flush=True)))
"""


@pytest.mark.slow
def test_the_processes_end_with_a_parent_that_is_killed(order, tmp_path) -> None:
    long = replace(order, params=LoraParams(**{**QUICK, "epochs": 2000}))
    path = tmp_path / "order.json"
    path.write_text(json.dumps(long.to_json()))
    command = [sys.executable, "-c", PARENT, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert any(line.startswith("1 ") for line in parent.stdout)
        below = psutil.Process(parent.pid).children(recursive=True)
        os.kill(parent.pid, signal.SIGKILL)
    assert len(below) == 3  # the launcher, and two trainers
    assert psutil.wait_procs(below, timeout=20)[1] == []


def test_too_little_memory_of_one_process_is_that_of_the_training() -> None:
    memory = {"kind": "memory", "message": "lora: out of memory in training: 2 GiB", "hint": ""}
    echo = {"kind": "bug", "message": "RuntimeError: connection closed by peer", "hint": ""}
    assert isinstance(launch._error([echo, memory], "", code=1, devices=2), OutOfMemory)
    assert "connection closed" in launch._error([echo], "", code=1, devices=2).message


@pytest.mark.parametrize(
    ("batch_size", "devices", "texts"), [(4, 1, 4), (4, 2, 2), (256, 8, 8), (1, 2, 1)]
)
def test_no_more_texts_are_compared_than_a_device_computes_at_once(
    order, batch_size, devices, texts
) -> None:
    params = LoraParams(batch_size=batch_size, devices=devices)
    assert replace(order, params=params).sample == order.texts[:texts]


def test_an_order_survives_json(order) -> None:
    assert Order.from_json(order.to_json()) == order


def test_a_result_survives_json(order) -> None:
    tuned = carry_out(order, Caller(silence))
    assert Tuned.from_json(tuned.to_json()) == tuned


def test_more_devices_than_there_are_is_a_failure(resolved, monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(AdaptationError, match="devices = 2, but torch finds 1"):
        Base.of(replace(resolved, device="cuda"), LoraParams(devices=2))
