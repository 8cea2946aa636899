"""The base class of plugin parameters, and the markers that tell the core what they refer to.

A plugin's parameters are a pydantic model in a module of their own that imports nothing heavy::

    class FewShotParams(Params):
        k: int = Field(default=4, ge=0, description="Number of demos.")
        metric: Annotated[str, Refers("metric")] = "exact-f1"

In a suite the keys are written in kebab-case (``train_size`` is ``train-size``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, get_args

from pydantic import BaseModel, ConfigDict


def kebab(name: str) -> str:
    """The spelling of a Python name in a suite: ``train_size`` -> ``train-size``."""
    return name.strip("_").replace("_", "-")


@dataclass(frozen=True, slots=True)
class Refers:
    """Marks a parameter whose value names something else in the suite or among the plugins.

    Attributes:
        kind: ``model`` (a model of the suite) or the kind of a plugin, for instance ``metric``.
    """

    kind: str


@dataclass(frozen=True, slots=True)
class DataPath:
    """Marks a path of a task whose content reaches evalkit as examples.

    The examples are part of a job's identity, so that the file itself need not be.
    """


@dataclass(frozen=True, slots=True)
class MaybePath:
    """Marks a text that may be a path, as a model may be a hub id or a folder.

    It is taken for a path if it begins with ``/``, ``./``, ``../`` or ``~``, or names a file or
    folder that exists; then it is made absolute as a ``pathlib.Path`` would be. It is no part
    of a job's identity: the engine's ``revision`` says what was found there.
    """


@dataclass(frozen=True, slots=True)
class NotInIdentity:
    """Marks a parameter that cannot change a result, as a time-out or a number of connections.

    A job that was done under another value of it is reused.
    """


class Params(BaseModel):
    """Parameters of a plugin: strict types, unknown keys refused, frozen.

    ``pathlib.Path`` fields may be relative in a suite: to the suite's folder, or to the
    working directory when they come from ``--set``. They arrive absolute, and what enters a
    job's identity is the content of the file, not its path.
    """

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        alias_generator=kebab,
        populate_by_name=True,
    )

    def default_train_size(self) -> int | None:
        """Number of training examples if the suite does not say; None means all of them.

        Adapters whose labelled examples are, say, the k demos of a prompt answer k here.
        """
        return None

    def needs(self) -> frozenset[str]:
        """Abilities that the model must have for these values, beyond the Entry's ``requires``.

        An adapter whose weights depend on a parameter answers, say, ``weights:dora`` here.
        """
        return frozenset()

    def suite_form(self) -> dict[str, Any]:
        """The effective values as JSON, in the suite's spelling, defaults included."""
        return self.model_dump(mode="json", by_alias=True)

    @classmethod
    def from_form(cls, form: Mapping[str, Any]) -> Self:
        """The inverse of ``suite_form``."""
        return cls.model_validate_json(json.dumps(form))

    @classmethod
    def path_keys(cls) -> frozenset[str]:
        """The suite's spelling of the fields that hold a path."""
        return frozenset(
            kebab(name)
            for name, info in cls.model_fields.items()
            if Path in _parts(info.annotation)
        )

    @classmethod
    def marked_keys(cls, mark: type) -> frozenset[str]:
        """The suite's spelling of the fields marked with a DataPath or a MaybePath."""
        return frozenset(
            kebab(name)
            for name, info in cls.model_fields.items()
            if any(isinstance(one, mark) for one in info.metadata)
        )

    @classmethod
    def references(cls) -> dict[str, str]:
        """For each field marked with Refers: its spelling in the suite -> the kind."""
        return {
            kebab(name): mark.kind
            for name, info in cls.model_fields.items()
            for mark in (*info.metadata, *_parts(info.annotation))
            if isinstance(mark, Refers)
        }


def _parts(annotation: Any) -> tuple[Any, ...]:
    """The annotation, and whatever it is made of: members of a union, items, marks."""
    inner = (part for arg in get_args(annotation) for part in _parts(arg))
    return (annotation, *inner)
