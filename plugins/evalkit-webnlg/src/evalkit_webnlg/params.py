"""Parameters of the task ``triples`` and of the metric ``webnlg-official``."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evalkit import DataPath, Params

DataSource = Literal["sample", "webnlg-xml", "hub", "jsonl", "csv"]

_READ_FROM_PATH = ("webnlg-xml", "jsonl", "csv")
_DEV_IS_BENCHMARK = ("webnlg-xml", "hub")
_TOKENS_PER_TEXT = 128
_SPARE_TOKENS = 64  # a text of seven triples may need 160
_TEXTS_PER_HUB_ROW = 7


class TriplesParams(Params):
    """Which data, how it is prepared, and how the task is put to the model."""

    data: DataSource = Field(default="sample", description="Where the examples come from.")
    path: Annotated[Path | None, DataPath()] = Field(
        default=None,
        description="webnlg-xml: folder with train/ and dev/. jsonl, csv: folder with one file "
        "per split, named after it (train.jsonl, test.jsonl).",
    )
    dataset: str = Field(
        default="bdsaglam/web_nlg-erx-concat", description="hub: id of the data set."
    )
    config: str = Field(
        default="release_v3.0_en", description="hub: configuration; empty for none."
    )
    train_split: str = Field(
        default="train", description="What the training split is called in the data."
    )
    test_split: str | None = Field(
        default=None,
        description="What the evaluation split is called in the data. Default: dev for "
        "webnlg-xml and hub, where the dev split is the benchmark; otherwise test.",
    )
    text_column: str = Field(default="text", description="hub, jsonl, csv: column of the text.")
    triples_column: str = Field(
        default="triples",
        description="hub, jsonl, csv: column of the triples: a list of lists of three strings, "
        "a list of 'subject | predicate | object' strings, or such strings one a line.",
    )
    id_column: str | None = Field(
        default=None, description="hub, jsonl, csv: column of the id. Default: the row number."
    )
    source_column: str | None = Field(
        default=None,
        description="hub, jsonl, csv: column that names the entry a text was written from. "
        "Default: every row is an entry of its own.",
    )
    domain_column: str | None = Field(
        default=None, description="hub, jsonl, csv: column of the domain, for breakdowns."
    )
    clean: bool | None = Field(
        default=None,
        description="Write entities and relations in plain words, as the study did "
        "(birthPlace -> birth place). Default: on for webnlg-xml.",
    )
    concat: int = Field(
        default=1, ge=1, description="Most texts joined into one example; the study joined 7."
    )
    concat_seed: int = Field(
        default=89, ge=0, description="Seed of the order of the texts and of the joining."
    )
    instruction: str | None = Field(
        default=None, min_length=1, description="Replaces the task's instruction."
    )
    list_relations: bool = Field(
        default=False, description="List the relations of the training split in the instruction."
    )
    max_tokens: int | None = Field(
        default=None,
        ge=1,
        description="The most tokens of an answer. Default: 64, and 128 for each text.",
    )

    @model_validator(mode="after")
    def _path_where_needed(self) -> Self:
        """Refuse a path that nothing reads, and a reader without its path."""
        if self.data in _READ_FROM_PATH and self.path is None:
            raise ValueError(f'data = "{self.data}" needs path, the folder with the data')
        if self.data not in _READ_FROM_PATH and self.path is not None:
            raise ValueError(
                f'data = "{self.data}" reads no path; path goes with {", ".join(_READ_FROM_PATH)}'
            )
        return self

    def name_of(self, split: str) -> str:
        """What a split of the task is called in the data."""
        default_test = "dev" if self.data in _DEV_IS_BENCHMARK else "test"
        names = {"train": self.train_split, "test": self.test_split or default_test}
        return names.get(split, split)

    @property
    def cleans(self) -> bool:
        """Whether triples are cleaned."""
        return self.data == "webnlg-xml" if self.clean is None else self.clean

    @property
    def answer_tokens(self) -> int:
        """The most tokens of an answer; a row of the hub data set is several texts already."""
        texts = self.concat * (_TEXTS_PER_HUB_ROW if self.data == "hub" else 1)
        return self.max_tokens or _TOKENS_PER_TEXT * texts + _SPARE_TOKENS


class WebnlgOfficialParams(Params):
    """Parameters of the metric ``webnlg-official``."""

    headline: Literal["type", "partial", "strict", "exact"] = Field(
        default="strict",
        description="Which score's F1 stands in the table; all four are always reported. strict "
        "is the one by which nothing counts as right that is in the wrong slot or incomplete.",
    )
