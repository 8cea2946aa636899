"""Checkpoints on the disk: each is whole or not there, and never taken for another training's.

A checkpoint is one safetensors file. Its name has the step and the SHA-256 of all its bytes, so
that a damaged file gives itself away; inside it says which training it belongs to.
"""

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from evalkit_lora.files import naming, sync

LOSSES = "losses"
"""The tensor that every checkpoint has: mean loss of each step so far, (steps,)."""

_KEPT = 2
_OWNER = "training"
_WRITING = "writing"
"""A folder for what is not whole yet: safetensors too writes beside, under names of its own."""


class Checkpoints:
    """The checkpoints of one training; there are two once two have been kept."""

    def __init__(self, folder: Path, owner: str) -> None:
        """Use `folder`, which need not exist.

        Args:
            folder: where they lie.
            owner: what must be equal for one training to go on from another's checkpoint.
        """
        self.folder = folder
        self._owner = owner

    def save(self, tensors: Mapping[str, torch.Tensor], losses: Sequence[float]) -> None:
        """Keep a checkpoint, and forget all but the one before.

        Raises:
            OSError: it could not be written, with the path; those before it are still there.
        """
        partial = self.folder / _WRITING / "checkpoint.safetensors"
        content = {name: _by_itself(tensor) for name, tensor in tensors.items()}
        content[LOSSES] = torch.tensor(losses, dtype=torch.float64)
        try:
            partial.parent.mkdir(parents=True, exist_ok=True)
            with naming(partial):
                save_file(content, partial, metadata={_OWNER: self._owner})
                name = f"step-{len(losses):08d}-{_sha256(partial)}.safetensors"
                sync(partial)
                partial.rename(self.folder / name)
                sync(self.folder)
        finally:
            self._sweep()  # a full disk gets its space back
        for old in self._newest_first()[_KEPT:]:
            old.unlink()

    def newest(self, tell: Callable[[str], None]) -> str | None:
        """The SHA-256 of the newest checkpoint that can be used; None if there is none.

        Others are told of and removed.
        """
        self._sweep()
        for path in self._newest_first():
            fault = self._fault(path)
            if fault is None:
                return _named_sha256(path)
            tell(f"the checkpoint of step {int(path.name.split('-')[1])} {fault}: it is not used")
            path.unlink()
        return None

    def load(self, sha256: str) -> dict[str, torch.Tensor]:
        """The tensors of a checkpoint that `newest` has found."""
        (path,) = self.folder.glob(f"step-*-{sha256}.safetensors")
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118

    def _sweep(self) -> None:
        shutil.rmtree(self.folder / _WRITING, ignore_errors=True)

    def _newest_first(self) -> list[Path]:
        return sorted(self.folder.glob("step-*-*.safetensors"), reverse=True)

    def _fault(self, path: Path) -> str | None:
        if _sha256(path) != _named_sha256(path):
            return "is damaged"
        with safe_open(path, framework="pt") as file:
            found = file.metadata()
        return None if found == {_OWNER: self._owner} else "is of another training"


def _named_sha256(path: Path) -> str:
    return path.stem.rpartition("-")[2]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _by_itself(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor as safetensors asks for it: in one piece, with nothing else in its memory."""
    whole = tensor.is_contiguous() and tensor.untyped_storage().nbytes() == tensor.nbytes
    return tensor if whole else tensor.clone(memory_format=torch.contiguous_format)
