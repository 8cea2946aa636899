"""A training that is killed, stopped or short of space comes to the same result, bit for bit."""

import errno
import json
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from evalkit import AdaptationError, AdaptedModel, ResolvedModel, StopRequested
from evalkit.testing import FakeContext
from evalkit_lora.adapter import LoraAdapter
from evalkit_lora.params import LoraParams

QUICK = {"rank": 4, "lr": 1e-2, "epochs": 4, "batch_size": 4}
STEPS = 8
MODES: dict[str, dict[str, Any]] = {
    "split and computed again": {"method": "pissa", "checkpointing": True},
    "bf16": {"precision": "bf16", "batch_size": 2, "accumulation": 2, "weight_decay": 0.1},
}
SLOWER: dict[str, dict[str, Any]] = {
    "padded, magnitudes": {"method": "dora", "dropout": 0.1, "checkpointing": True},
    "linear, unclipped": {"schedule": "linear", "max_grad_norm": 0.0, "method": "rslora"},
    "orthogonal": {"method": "olora", "targets": ["q_proj", "down_proj"]},
}


Events = list[dict[str, Any]]
Plan = list[dict[str, Any]]


def run(folder: Path, model: ResolvedModel, plan: Plan, disk: int = 0) -> list[tuple[int, Events]]:
    """How lives end, one after another; with a small disk, if it has a size, in `folder`."""
    (folder / "logs").mkdir()
    (folder / "disk").mkdir()
    form = {key: value for key, value in asdict(model).items() if key != "abilities"}
    whole = {
        "logs": str(folder / "logs"),
        "disk": {"size": disk, "folder": str(folder / "disk")} if disk else None,
        "lives": [{**one, "model": form, "folder": str(folder / one["folder"])} for one in plan],
    }
    program = [sys.executable, str(Path(__file__).with_name("lora_lives.py"))]
    done = subprocess.run(
        [*(APART if disk else ()), *program],
        input=json.dumps(whole),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return [(code, events) for code, events in json.loads(done.stdout)]


def params(**given: Any) -> dict[str, Any]:
    return {**QUICK, "checkpoint_every": 0.0, **given}


def life_and_lives(name: str, given: dict[str, Any], kills: list[dict[str, Any]]) -> Plan:
    """A training that is left alone; then one that is killed so often, and ends."""
    whole = {"folder": f"whole {name}", "params": {**QUICK, **given}}
    again = {"folder": name, "params": params(**given)}
    return [whole, *({**again, "kill": kill} for kill in kills), again]


ANYWHERE = [
    {"at": "progress", "number": 3},
    {"at": "open", "number": 4},
    {"at": "os.rename", "number": 2},
    {"at": "os.remove", "number": 1},
]
"""At a step; before a checkpoint is synced, has its name, or one too many is removed."""

SHORT = {"folder": "disk/short", "params": params(), "leave": 160_000}
LATE = {"folder": "disk/late", "params": QUICK, "leave": 10_000}
PLANS: dict[str, Plan] = {
    "anywhere": life_and_lives("anywhere", {"dropout": 0.2}, ANYWHERE),
    **{name: life_and_lives(name, given, ANYWHERE[2:3]) for name, given in MODES.items()},
}
FULL: Plan = [
    {"folder": "roomy", "params": QUICK},
    *(SHORT, {**SHORT, "leave": 900_000}),
    *(LATE, {**LATE, "leave": 900_000}),
]
APART = ("unshare", "--user", "--map-root-user", "--mount")


@cache
def can_mount() -> bool:
    found = shutil.which(APART[0])
    return (
        found is not None and subprocess.run([*APART, "true"], capture_output=True).returncode == 0
    )


@pytest.fixture(scope="module")
def ends(resolved, tmp_path_factory) -> dict[str, list[tuple[int, Events]]]:
    """How the lives of every plan end: name of the plan -> exit codes and events."""
    plans = {**PLANS, **({"full": FULL} if can_mount() else {})}
    folder = tmp_path_factory.mktemp("lives")
    found = iter(run(folder, resolved, list(chain(*plans.values())), (2 << 20) * can_mount()))
    return {name: list(islice(found, len(plan))) for name, plan in plans.items()}


def outcome(events: Events) -> tuple[str, dict[str, Any]]:
    last = events[-1]
    return last["sha256"], {**last["report"], "seconds": None}


def steps_of(events: Events) -> list[int]:
    return [event["done"] for event in events if event.get("note", "").startswith("loss")]


def test_a_training_that_is_killed_anywhere_comes_to_the_same_weights(ends) -> None:
    (_, whole), *killed, (code, last) = ends["anywhere"]
    assert [code for code, _ in killed] == [-signal.SIGKILL] * len(ANYWHERE)
    assert code == 0
    assert outcome(last) == outcome(whole)
    assert steps_of(whole) == list(range(1, STEPS + 1))
    begun = [steps_of(events)[0] for _, events in killed] + [steps_of(last)[0]]
    assert begun[:2] == [1, 3]
    assert begun == sorted(begun)
    assert begun[-1] > 4


@pytest.mark.parametrize("mode", MODES)
def test_whatever_a_training_depends_on_is_kept(ends, mode) -> None:
    (_, whole), (code, _), (_, last) = ends[mode]
    assert code == -signal.SIGKILL
    assert outcome(last) == outcome(whole)
    assert steps_of(last) == list(range(2, STEPS + 1))


def test_a_full_disk_fails_with_the_path_and_training_goes_on_once_there_is_space(ends) -> None:
    if "full" not in ends:
        pytest.skip("this system lets nobody mount a small disk")
    expected, no_room, on, no_end, anew = (events for _, events in ends["full"])
    assert no_room[-1]["errno"] == no_end[-1]["errno"] == errno.ENOSPC
    assert no_room[-1]["path"].endswith("disk/short.checkpoints/writing/checkpoint.safetensors")
    assert no_end[-1]["path"].endswith("disk/late/weights.partial")
    assert steps_of(on)[0] == steps_of(no_room)[-1] > 1  # the one that could not be kept
    assert outcome(on) == outcome(anew) == outcome(expected)


def killed_somewhere(rng: random.Random) -> dict[str, Any]:
    at = rng.choice(["progress", "open", "os.rename", "os.remove"])
    return {"at": at, "number": rng.randint(1, 6 if at == "open" else 2)}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_training_survives_a_seeded_choice_of_kills(resolved, tmp_path, seed) -> None:
    rng = random.Random(seed)
    modes = {"dropout": {"dropout": 0.2}, **MODES, **SLOWER}
    kills = {name: [killed_somewhere(rng) for _ in range(4)] for name in modes}
    plan = [one for name in modes for one in life_and_lives(name, modes[name], kills[name])]
    found = run(tmp_path, resolved, plan)
    last, whole = ([outcome(events) for _, events in found[at::6]] for at in (5, 0))
    assert last == whole
    assert sum(code == -signal.SIGKILL for code, _ in found) > 2 * len(modes)


class Ended(BaseException):
    """Ends an attempt as a kill does, but for the process."""


class Told(FakeContext):
    """A context that does something when it is told of a step."""

    def __init__(self, scene: FakeContext, at: int, do: Any = None, *, stop: bool = False) -> None:
        self.__dict__.update(vars(scene))
        self._at, self._do, self._stop, self._stopping = at, do, stop, False

    @property
    def stopping(self) -> bool:
        return self._stopping

    def progress(self, done: int, total: int, note: str = "") -> None:
        super().progress(done, total, note)
        if done == self._at and note.startswith("loss"):
            self._stopping = self._stop
            if self._do is not None:
                raise self._do


def adapter(**given: Any) -> LoraAdapter:
    return LoraAdapter(LoraParams(**params(**given)))


def result(adapted: AdaptedModel) -> tuple[str, dict[str, Any]]:
    return adapted.weights.sha256, {**adapted.report, "seconds": None}


def ended_at(scene: FakeContext, step: int, **given: Any) -> list[Path]:
    """An attempt that ends at a step; its checkpoints, the newest last."""
    with pytest.raises(Ended):
        adapter(**given).adapt(Told(scene, step, Ended()))
    scene.progress_log.clear()
    return sorted(scene.checkpoints.iterdir())


def went_on_from(scene: FakeContext) -> int:
    notes = [(done, note) for done, _, note in scene.progress_log]
    return next((done for done, note in notes if note.startswith("going on from step")), 0)


def test_a_stop_keeps_a_checkpoint_whenever_the_last_one_was(scene) -> None:
    whole = adapter(dropout=0.1).adapt(scene())
    context = scene()
    with pytest.raises(StopRequested):
        adapter(dropout=0.1, checkpoint_every=3600.0).adapt(Told(context, 3, stop=True))
    assert len(list(context.checkpoints.iterdir())) == 1
    assert list(context.folder.iterdir()) == []
    assert result(adapter(dropout=0.1).adapt(context)) == result(whole)
    assert went_on_from(context) == 4  # the step that was under way, and no more


def test_no_more_than_two_checkpoints_are_kept_and_none_before_its_time(scene) -> None:
    context = scene()
    names = [path.name[:13] for path in ended_at(context, 6)]
    assert names == ["step-00000004", "step-00000005"]
    assert ended_at(scene(), 6, checkpoint_every=3600.0) == []


def test_what_a_kill_left_half_written_is_swept_away(scene) -> None:
    context = scene()
    ended_at(context, 6)
    left = context.checkpoints / "writing" / ".tmp1"
    left.parent.mkdir()
    left.write_bytes(b"half")
    adapter(checkpoint_every=3600.0).adapt(context)
    assert went_on_from(context) == 5
    assert not left.parent.exists()


def damage_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-9] ^= 4
    path.write_bytes(content)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [damage_bit, truncate, empty])
def test_a_damaged_checkpoint_is_reported_and_the_one_before_is_used(scene, harm) -> None:
    whole = adapter().adapt(scene())
    context = scene()
    harm(ended_at(context, 6)[-1])
    assert result(adapter().adapt(context)) == result(whole)
    assert (0, STEPS, "the checkpoint of step 5 is damaged: it is not used") in context.progress_log
    assert went_on_from(context) == 4


def test_with_no_checkpoint_left_whole_training_starts_anew(scene) -> None:
    whole = adapter().adapt(scene())
    context = scene()
    for path in ended_at(context, 6):
        damage_bit(path)
    assert result(adapter().adapt(context)) == result(whole)
    assert went_on_from(context) == 0


@pytest.mark.parametrize("change", ["lr", "seed", "data", "model", "checkpointing"])
def test_a_checkpoint_of_another_training_is_not_used(scene, resolved, change) -> None:
    context = scene()
    train = context.train
    ended_at(context, 6)
    other = Told(context, -1)
    given: dict[str, Any] = {}
    match change:
        case "seed":
            other.seed = 2
        case "data":
            other.train = train[1:]
        case "model":
            other.model = replace(resolved, revision="tiny-2")
        case "lr":
            given = {"lr": 2e-2}
        case "checkpointing":
            given = {"checkpointing": True}
    adapter(**given).adapt(other)
    assert went_on_from(context) == 0
    assert any("is of another training" in note for _, _, note in context.progress_log)


def test_another_interval_is_no_other_training(scene) -> None:
    context = scene()
    ended_at(context, 6)
    adapter(checkpoint_every=5.0).adapt(context)
    assert went_on_from(context) == 5


@pytest.mark.parametrize("lr", [1e30, 1e38])
def test_no_checkpoint_holds_what_is_no_number(scene, lr) -> None:
    """Whether the loss goes astray, or the weights after a last step whose loss was finite."""
    context = scene()
    given = {"lr": lr, "epochs": 1, "weight_decay": 1e5} if lr == 1e38 else {"lr": lr}
    for _ in range(2):  # the second time from what the first one kept
        with pytest.raises(AdaptationError, match="went astray"):
            adapter(**given).adapt(context)
        assert list(context.folder.iterdir()) == []
        for path in context.checkpoints.iterdir():
            tensors = {k: v for k, v in load_file(path).items() if k != "generators"}
            assert all(bool(torch.isfinite(one).all()) for one in tensors.values())


def test_that_memory_was_too_little_is_remembered(scene) -> None:
    """An attempt after it saves memory from the start, and goes on where the other was."""
    whole = adapter(checkpointing=True).adapt(scene())
    context = scene()
    little = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")
    with pytest.raises(StopRequested):
        adapter().adapt(ShortOfMemory(context, little))
    context.progress_log.clear()
    assert result(adapter().adapt(context)) == result(whole)
    assert whole.report["checkpointing"] is True
    assert went_on_from(context) == 5


class ShortOfMemory(Told):
    """The first training is short of memory at step 3, the second is stopped at step 4."""

    def __init__(self, scene: FakeContext, error: Exception) -> None:
        super().__init__(scene, 3, error)

    def progress(self, done: int, total: int, note: str = "") -> None:
        if note.startswith("out of memory"):
            self._at, self._do, self._stop = 4, None, True
        super().progress(done, total, note)


def test_a_method_that_shares_out_ranks_is_trained_anew(scene) -> None:
    """What each rank was worth is out of reach, so that nothing is kept that would mislead."""
    pytest.importorskip("sklearn")
    options = {
        "r": 8,
        "num-subspaces": 2,
        "target-modules": ["q_proj"],
        "use-asa": True,
        "init-warmup": 1,
        "final-warmup": 6,
        "mask-interval": 2,
        "asa-target-subspaces": 2,
    }
    given = {"method": "adamss", "options": options, "checkpoint_every": 0.0}
    made = LoraAdapter(LoraParams(epochs=4, batch_size=4, lr=1e-2, **given))
    whole = made.adapt(scene())
    context = scene()
    with pytest.raises(Ended):
        made.adapt(Told(context, 6, Ended()))
    assert list(context.checkpoints.iterdir()) == []
    assert result(made.adapt(context)) == result(whole)
