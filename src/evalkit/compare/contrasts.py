"""How far rated methods are apart, as the comparisons of a run tell it. Pure.

A comparison knows every pair of its contestants, and not what the methods are compared with: the
pairs of the analysis are picked here, and p values adjusted over those alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evalkit.compare.methods import Method
from evalkit.stats.holm import holm
from evalkit.wording import p_value, with_sign

Form = Mapping[str, Any]
_OPPOSITE = {"better": "worse", "worse": "better"}
_KEPT = ("se", "p", "validated", "undefined")


def rating_differences(
    methods: Sequence[Method], baseline: str, *, all_pairs: bool = False
) -> list[dict[str, Any]]:
    """Differences of ratings from the baseline's, comparison by comparison and seed by seed.

    Contestants that are no cells, such as the gold answers, take part. Between runs there is no
    common scale, and no difference.

    Args:
        methods: those of the analysis.
        baseline: name of the one that the others are compared with.
        all_pairs: whether all others are compared with each other, too.
    """
    if len({method.folder for method in methods}) > 1:
        return []
    comparisons, names = methods[0].results["comparisons"], _names(methods)
    several = len({comparison["seed"] for comparison in comparisons}) > 1
    found = []
    for comparison in comparisons:
        rows = [
            row
            for row in _rows(comparison, names, baseline)
            if all_pairs or row["baseline"] == baseline
        ]
        about = f"{comparison['name']} {comparison['headline']}"
        about += f", seed {comparison['seed']}" if several else ""
        for row, p in zip(rows, holm([row["p"] for row in rows]), strict=True):
            row["p_adjusted"] = p
            row["text"] = f"{about}: {_text(row, comparison['decimals'])}"
        found += rows
    return found


def _names(methods: Sequence[Method]) -> dict[str, str]:
    """Id of a cell -> the method that it belongs to; empty for those that are not analysed."""
    ids = {cell["id"]: "" for cell in methods[0].results["cells"]}
    return ids | {cell["id"]: method.name for method in methods for cell in method.cells}


def _rows(comparison: Form, names: Mapping[str, str], baseline: str) -> Iterator[dict[str, Any]]:
    """Its contrasts between contestants that are analysed, none of them seen from the baseline."""
    for contrast in comparison.get("contrasts", ()):  # older results lack them
        first, second = contrast["contestant"], contrast["against"]
        method, other = names.get(first, first), names.get(second, second)
        if method and other:
            turned = method == baseline
            yield {
                "comparison": comparison["name"],
                "seed": comparison["seed"],
                "baseline": method if turned else other,
                "method": other if turned else method,
                **(_turned(contrast) if turned else _as_it_is(contrast)),
                **{key: contrast[key] for key in _KEPT},
            }


def _as_it_is(contrast: Form) -> dict[str, Any]:
    return {key: contrast[key] for key in ("difference", "low", "high", "verdict")}


def _turned(contrast: Form) -> dict[str, Any]:
    """Seen from the other side."""
    ends = {"difference": "difference", "low": "high", "high": "low"}
    values = {key: contrast[end] for key, end in ends.items()}
    word, *rest = (contrast["verdict"] or "").split(",")
    verdict = ",".join([_OPPOSITE.get(word, word), *rest])
    return {
        **{key: None if value is None else -value for key, value in values.items()},
        "verdict": verdict or None,
    }


def _text(row: Form, decimals: int) -> str:
    """The difference in words, marked like the ratings, or why it is undefined."""
    pair = f"{row['method']} against {row['baseline']}: "
    if row["difference"] is None:
        return f"{pair}undefined, because {row['undefined']}"
    figure = with_sign(row["difference"], decimals) + {None: "?", 0: "*"}.get(row["validated"], "")
    if row["low"] is None or row["high"] is None:
        return f"{pair}{figure}, interval undefined, because {row['undefined']}"
    ends = ", ".join(with_sign(row[key], decimals) for key in ("low", "high"))
    p = "" if row["p_adjusted"] is None else f"p {p_value(row['p_adjusted'])}"
    return pair + ", ".join(part for part in (f"{figure} [{ends}]", p, row["verdict"]) if part)
