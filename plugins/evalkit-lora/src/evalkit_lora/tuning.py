"""One training from its order to the saved weights; in this process, or in each of a team."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import torch

from evalkit import NotInIdentity
from evalkit_lora.base import Base, quiet
from evalkit_lora.batches import training_steps
from evalkit_lora.caller import Caller
from evalkit_lora.chat import Text
from evalkit_lora.checkpoints import Checkpoints
from evalkit_lora.faster import speed_up
from evalkit_lora.keeper import Keeper
from evalkit_lora.learner import Learner, probe_sparingly
from evalkit_lora.memory import compute_anew
from evalkit_lora.methods import peft_config, splits_base
from evalkit_lora.params import LoraParams
from evalkit_lora.state import digest
from evalkit_lora.team import Alone, Team, agree
from evalkit_lora.train import Training, train
from evalkit_lora.weights import WeightsFolder, add_weights

_SAMPLE = 8
"""Texts that tell whether saved weights act as the trained ones."""

_LIBRARIES = ("evalkit-lora", "peft", "torch", "transformers")
"""Whose versions a training may depend on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """All that a training needs; plain data, so that another process can carry it out.

    Attributes:
        base: the model to train, and where.
        params: how.
        texts: on what.
        seed: of the initial weights, of the order of the texts, of dropout.
        folder: of the AdaptedModel; the weights go into it.
        checkpoints: where what an interrupted training goes on from is kept.
        model_name: what the weights' files call the model.
        revision: of the model's files.
        checkpointing: whether to keep less and compute it again.
    """

    base: Base
    params: LoraParams
    texts: tuple[Text, ...]
    seed: int
    folder: Path
    checkpoints: Path
    model_name: str
    revision: str
    checkpointing: bool = False

    @property
    def sample(self) -> tuple[Text, ...]:
        """The texts on which the saved weights are compared with the trained ones.

        No more than a device computes at once in training.
        """
        share = self.params.batch_size // self.params.devices
        return self.texts[: max(1, min(_SAMPLE, share))]

    @property
    def identity(self) -> str:
        """SHA-256 over all that the trained weights depend on, and not where it is."""
        form = self.to_json()
        del form["folder"], form["checkpoints"], form["model_name"], form["base"]["folder"]
        for key in LoraParams.marked_keys(NotInIdentity):
            del form["params"][key]
        form["versions"] = {name: version(name) for name in _LIBRARIES}
        return _sha256(form)

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "base": self.base.to_json(),
            "params": self.params.suite_form(),
            "texts": [[list(text.ids), text.prompt_length] for text in self.texts],
            "seed": self.seed,
            "folder": str(self.folder),
            "checkpoints": str(self.checkpoints),
            "model_name": self.model_name,
            "revision": self.revision,
            "checkpointing": self.checkpointing,
        }

    @classmethod
    def from_json(cls, form: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(
            base=Base.from_json(form["base"]),
            params=LoraParams.from_form(form["params"]),
            texts=tuple(Text(tuple(ids), length) for ids, length in form["texts"]),
            seed=form["seed"],
            folder=Path(form["folder"]),
            checkpoints=Path(form["checkpoints"]),
            model_name=form["model_name"],
            revision=form["revision"],
            checkpointing=form["checkpointing"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """What a training came to; its weights lie in the folder, unchecked.

    Attributes:
        training: how it went.
        expected: the trained model's loss of each learned token of the order's sample, (N,);
            empty in a process other than the first.
        packed: whether texts were packed.
        checkpointing: whether less was kept of each layer.
    """

    training: Training
    expected: tuple[float, ...]
    packed: bool
    checkpointing: bool

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, form: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        training = {**form["training"], "losses": tuple(form["training"]["losses"])}
        return cls(
            training=Training(**training),
            expected=tuple(form["expected"]),
            packed=form["packed"],
            checkpointing=form["checkpointing"],
        )


def carry_out(order: Order, caller: Caller, team: Team | None = None) -> Tuned:
    """Train and save.

    Raises:
        AdaptationError: peft refuses the method or an option, or the loss is not finite.
        OSError: a checkpoint or the weights could not be written.
        StopRequested: the caller asked to stop.
    """
    team = team or Alone()
    with quiet():
        config = peft_config(order.params)
        steps = training_steps(order.texts, order.params, order.seed)
        caller.progress(0, len(steps), "loading the model")
        model = order.base.load()
        if order.checkpointing:
            compute_anew(model)
        torch.manual_seed(order.seed)
        learner = add_weights(model, order.base, config)
        agree(list(model.parameters()) if splits_base(config) else learner.trainable(), team)
        folder = WeightsFolder(order.folder, order.model_name)
        if team.rank == 0:
            folder.begin(learner)
        else:
            torch.manual_seed(order.seed + team.rank)  # processes drop different things
        speed_up(learner, order.texts)
        training = train(learner, steps, order.params, _keeper(order, learner, caller, team))
        expected: tuple[float, ...] = ()
        if team.rank == 0:
            expected = tuple(probe_sparingly(learner, order.sample).tolist())
            folder.save(learner)
    return Tuned(
        training=training,
        expected=expected,
        packed=learner.packed,
        checkpointing=order.checkpointing,
    )


def _keeper(order: Order, learner: Learner, caller: Caller, team: Team) -> Keeper:
    """Keeps the checkpoints, if all that the method depends on can be kept.

    They belong to a training that also begins with the same weights, to the bit, and computes in
    the same way: a method that splits the base weights depends on its own rounding.
    """
    owner = _sha256([order.identity, digest(learner.trainable()), learner.packed])
    # What shares out ranks remembers what each was worth, out of our reach.
    every = order.params.checkpoint_every if learner.allocate is None else None
    return Keeper(Checkpoints(order.checkpoints, owner), caller, team, every=every)


def _sha256(form: Any) -> str:
    return hashlib.sha256(json.dumps(form, sort_keys=True).encode()).hexdigest()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw from a generator of our own; whoever shares this process keeps theirs."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield
