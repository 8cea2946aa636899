"""The task that a suite declares: rows of a file, a template, an answer format."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from evalkit.declared.params import FIELD, DeclaredParams
from evalkit.errors import DataError
from evalkit.interfaces import Task
from evalkit.records import Example, Json, Parsed
from evalkit.strict import strict_json
from evalkit.tables import Faults, Row, read_rows


class DeclaredTask(Task):
    """A task without Python of its own; its answers are texts, labels or JSON."""

    input_name = "input"
    output_name = "answer"
    params: DeclaredParams

    def __init__(self, params: DeclaredParams) -> None:
        """Keep the description; read nothing yet."""
        super().__init__(params)
        self.answer = params.answer
        self.max_tokens = params.max_tokens
        self.stop = params.stop
        files = {"train": params.train, "test": params.test}
        self._files: dict[str, Path] = {k: path for k, path in files.items() if path is not None}
        self.splits = tuple(self._files)
        labels = params.labels or ()
        self._labels = {form: label for label in labels for form in reversed(_forms(label)) if form}
        self._labels |= {label: label for label in labels}

    @property
    def instruction(self) -> str:
        """The suite's instruction."""
        return self.params.instruction

    @property
    def choices(self) -> tuple[str, ...] | None:
        """The labels, if answers are labels and constrained."""
        return self.params.labels if self.params.constrain else None

    @property
    def schema(self) -> Mapping[str, Json] | None:
        """The JSON schema, if there is one and answers are constrained."""
        return self.params.json_schema if self.params.constrain else None

    def load(self, split: str) -> Sequence[Example]:
        """The rows of the split's file, in their order.

        Raises:
            DataError: the split is not declared, or its file is missing, damaged or empty.
        """
        if split not in self._files:
            raise DataError(
                f'the task has no split "{split}"',
                f'it has: {", ".join(self._files)}; add it to [task]: {split} = "FILE.jsonl"',
            )
        path = self._files[split]
        faults = Faults(path)
        seen: dict[str, int] = {}
        examples = [
            example
            for row in read_rows(path, faults)
            if (example := self._example(row, split, faults=faults, seen=seen)) is not None
        ]
        faults.raise_any()
        if not examples:
            raise DataError(f"{path}: the {split} split is empty", "add at least one row")
        return examples

    def _example(
        self, row: Row, split: str, *, faults: Faults, seen: dict[str, int]
    ) -> Example | None:
        params = self.params
        optional = [name for name in (params.id, params.source) if name]
        needed = [*FIELD.findall(params.input), params.target, *optional, *params.groups]
        missing = [name for name in dict.fromkeys(needed) if row.values.get(name) is None]
        for name in missing:
            what = "null" if name in row.values else f"missing; the row has {', '.join(row.values)}"
            faults.add(row.line, name, what)
        halves = [name for name in dict.fromkeys(needed) if not _is_unicode(row.values.get(name))]
        for name in halves:
            faults.add(row.line, name, "holds half of a surrogate pair")
        if missing or halves:
            return None
        identity = str(row.values[params.id]) if params.id else f"{split}-{row.line}"
        if identity in seen:
            what = f'"{identity}" is the id of line {seen[identity]} already'
            faults.add(row.line, params.id or "", what)
            return None
        seen[identity] = row.line
        try:
            target = self._target(row.values[params.target], faults.path)
        except ValueError as error:
            faults.add(row.line, params.target, str(error))
            return None
        return Example(
            id=identity,
            source=str(row.values[params.source]) if params.source else identity,
            fields=dict(row.values),  # type: ignore[arg-type]  # read from JSON or CSV
            target=target,
            groups={name: str(row.values[name]) for name in params.groups},
        )

    def _target(self, written: object, path: Path) -> Json:
        """The target that a row holds, in the form in which an answer is read.

        Raises:
            ValueError: it is none.
        """
        if self.params.answer == "json":
            is_text = path.suffix.lower() == ".csv"  # a CSV file has nothing but texts
            return cast(Json, strict_json(str(written)) if is_text else written)
        if not isinstance(written, str):
            raise ValueError("not a text")
        labels = self.params.labels
        if labels and written not in labels:
            raise ValueError(f'unknown label "{written}"; allowed: {", ".join(labels)}')
        return written.strip()

    def render_input(self, example: Example) -> str:
        """The template, its fields filled in."""
        return FIELD.sub(lambda found: _text(example.fields[found[1]]), self.params.input)

    def render_target(self, target: Json) -> str:
        """A text or a label as it is; JSON on one line."""
        return _written(target) if self.params.answer == "json" else _text(target)

    def parse(self, text: str) -> Parsed:
        """Read an answer: trimmed text, a label in any case, or the JSON value it holds."""
        if self.params.answer == "label":
            found = (self._labels.get(form) for form in _forms(text))
            label = next((label for label in found if label is not None), None)
            return Parsed(value=label or "", malformed=label is None)
        if self.params.answer == "json":
            return _parse_json(text)
        return Parsed(value=text.strip())


def _is_unicode(value: object) -> bool:
    """Whether a value can be written as UTF-8; JSON escapes can make one that cannot."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(value: Json) -> str:
    """A text as it is, anything else as JSON."""
    return value if isinstance(value, str) else _written(value)


def _written(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _forms(text: str) -> list[str]:
    """The forms of a label, from the text itself to that without case and punctuation around."""
    bare = text.strip()
    return [bare, bare.casefold(), bare.strip("\"'. ").casefold()]


def _parse_json(text: str) -> Parsed:
    """The JSON value that the text is, or that stands between its outermost braces."""
    stripped = text.strip()
    start, end = stripped.find("{"), stripped.rfind("}")
    for candidate in (stripped, stripped[start : end + 1] if 0 <= start < end else ""):
        try:
            return Parsed(value=strict_json(candidate))
        except ValueError:
            continue
    return Parsed(value=None, malformed=True)
