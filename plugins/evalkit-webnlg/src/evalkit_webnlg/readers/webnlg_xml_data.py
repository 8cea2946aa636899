"""Reader of the WebNLG release: ``{path}/{split}/{n}triples/*.xml``.

One record for each text of an entry, with the entry's first modified triple set, as in the
study. Format: https://synalp.gitlabpages.inria.fr/webnlg-challenge/docs/
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, parse

from evalkit import DataError
from evalkit_webnlg.params import TriplesParams
from evalkit_webnlg.records import Record, refuse_faults

_HINT = (
    "every entry needs an eid that is unique in its file, a modifiedtripleset of\n"
    "'subject | property | object' triples, and at least one lex with a text"
)
_LINE = "line"


def read(params: TriplesParams, split: str) -> Sequence[Record]:
    """The records of a split, file by file in the order of their names."""
    root = params.path or Path()
    records: list[Record] = []
    faults: list[str] = []
    for file in _files(root, split):
        for found in _file_records(file, prefix=str(file.relative_to(root).with_suffix(""))):
            if isinstance(found, Record):
                records.append(found)
            else:
                faults.append(f"{file.relative_to(root)}: {found}")
    refuse_faults(str(root), faults, _HINT)
    return records


def _files(root: Path, split: str) -> list[Path]:
    folder = root / split
    if not folder.is_dir():
        raise DataError(
            f"{folder}: no such folder",
            "path is the folder of the release, with train/ and dev/ in it;\n"
            "other names of the splits: train-split, test-split",
        )
    files = sorted(folder.glob("*triples/*.xml"))
    if not files:
        raise DataError(f"{folder}: no data", "expected files: 1triples/*.xml, 2triples/*.xml, ...")
    return files


def _file_records(file: Path, *, prefix: str) -> Iterator[Record | str]:
    """The records of a file, and its faults as text."""
    try:
        root = _parse(file)
    except ParseError as error:
        line, column = error.position
        yield f"line {line}, column {column + 1}: malformed XML: {str(error).split(':')[0]}"
        return
    except _Refused as error:
        yield str(error)
        return
    except (ValueError, LookupError, OSError) as error:
        yield f"cannot be read: {error}"
        return
    taken: set[str] = set()
    entries = list(root.iter("entry"))
    if not entries:
        yield "line 1: no entry"
    for entry in entries:
        eid = entry.get("eid", "")
        faults = _entry_faults(entry)
        if eid in taken:
            faults.append(f"eid: {eid!r} is taken")
        taken.add(eid)
        yield from [f"line {entry.get(_LINE)}: entry {eid or '?'}: {fault}" for fault in faults]
        if not faults:
            yield from _entry_records(entry, f"{prefix}/{eid}")


def _entry_faults(entry: Element) -> list[str]:
    faults = [] if entry.get("eid") else ["eid: missing"]
    triples = _triple_texts(entry)
    texts = entry.findall("lex")
    if not triples:
        faults.append("modifiedtripleset: no mtriple")
    if not texts:
        faults.append("lex: missing")
    if not all((text.text or "").strip() for text in texts):
        faults.append("lex: empty")
    faults += [
        f"mtriple: three parts are needed: {one!r}" for one in triples if not _is_triple(one)
    ]
    return faults


def _triple_texts(entry: Element) -> list[str]:
    """The triples of the first modified set, as they are written."""
    triple_set = entry.find("modifiedtripleset")
    return [] if triple_set is None else [one.text or "" for one in triple_set.iterfind("mtriple")]


def _is_triple(text: str) -> bool:
    parts = text.split(" | ")
    return len(parts) == 3 == text.count("|") + 1 and all(part.strip() for part in parts)


def _entry_records(entry: Element, entry_id: str) -> Iterator[Record]:
    triples = []
    for one in _triple_texts(entry):
        subject, relation, object_ = (part.strip() for part in one.split(" | "))
        triples.append((subject, relation, object_))
    for number, text in enumerate(entry.iterfind("lex"), start=1):
        yield Record(
            id=f"{entry_id}/{number}",
            entry=entry_id,
            text=(text.text or "").strip(),
            triples=tuple(triples),
            domain=entry.get("category", ""),
        )


class _Refused(Exception):
    """A file has what no release has and what can do harm: the line, and what."""


def _parse(file: Path) -> Element:
    """The root of the file; each entry knows its line.

    Raises:
        ParseError: it is no XML.
        _Refused: it declares entities: a few of them can stand for gigabytes, or for other files.
    """
    builder = _LineKeeper()
    parser = DefusedXMLParser(target=builder, forbid_dtd=True)
    builder.expat = parser.parser
    try:
        root = parse(file, parser=parser).getroot()
    except DefusedXmlException:
        line = parser.parser.CurrentLineNumber
        raise _Refused(f"line {line}: a DOCTYPE is not read: it may declare entities") from None
    return cast(Element, root)


class _LineKeeper(TreeBuilder):
    """Builds the tree and notes the line of each entry, for errors."""

    expat: Any = None

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        """Open an element."""
        if tag == "entry":
            attrs = {**attrs, _LINE: str(self.expat.CurrentLineNumber)}
        return super().start(tag, attrs)
