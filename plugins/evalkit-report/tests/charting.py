"""Results made up for the tests of the charts, and what is asked of every drawing."""

from pathlib import Path

from evalkit import RunView
from evalkit_report.model import CellView, Material

KINDS = ("parsed", "malformed", "truncated", "empty", "refused", "failed")
LONG = (
    "zero-shot",
    "few-shot-k2-select-similar-order-random",
    "few-shot-k4-select-similar-order-random",
    "few-shot-k64-select-similar-order-random",
    "bootstrap-few-shot-random-search-16",
    "instructions-and-demos-100",
    "lora-rank-16-alpha-32-all-linear-16",
    "lora-rank-16-alpha-32-all-linear-100",
    "lora-rank-16-alpha-32-all-linear-1000",
    "dora-1000 \u05e9\u05dc\u05d5\u05dd <b>x</b>\u202e\x00\ud800",
    "encoder & friends",
    "rank-8-of-a-method-whose-name-is-much-too-long-for-any-chart-at-all",
)
SIZES = (0, 2, 4, 64, 16, 100, 16, 100, 1000, 1000, 1000, 8)
VALUES = (0.05, 0.18, 0.22, 0.31, 0.3, 0.36, 0.2, 0.41, 0.52, 0.515, 0.44, 0.1)


def cell(method, size=0, seed=1, **more):
    return {
        "id": f"{method}-s{seed}",
        "method": method,
        "train_size": size,
        "seed": seed,
        "outcomes": {**dict.fromkeys(KINDS, 0), "parsed": 40},
        "report": {"demos": 0},
        "fairness": None,
        **more,
    }


def figure(method, value=0.5, spread=0.05, **more):
    ends = {} if value is None else {"low": value - spread, "high": value + spread}
    known = {"method": method, "value": value, "low": None, "high": None, "undefined": None}
    return {**known, "latency": [], **ends, **more}


def cost(once=None, each=None, tokens=100.0, seconds=0.2):
    why = None if each is not None else "the suite gives no prices of it"
    serving = {"per_1000": each, "prompt_tokens": tokens, "completion_tokens": 20.0}
    return {
        "adaptation": {"total": once, "seconds": 3.0, "undefined": why},
        "serving": {**serving, "seconds": seconds, "undefined": why},
    }


def latency(p50, p95, seed=1, rate=2.0):
    ends = {"low": None, "high": None}
    return {
        "seed": seed,
        "load": {"rate": rate},
        "p50": {"value": p50, **ends, "infinite": []},
        "p95": {"value": p95, **ends, "infinite": [] if p95 is not None else ["value"]},
    }


def curve(name, points, by="training examples"):
    step = {"text": "still rising: +0.1 from 2 to 4"}
    drawn = [{**figure(method, value), "size": size} for method, size, value in points]
    return {"curve": name, "by": by, "points": drawn, "last_step": step, "crossings": []}


def analysis(methods, **more):
    empty = {"curves": [], "costs": {}, "break_evens": [], "recommendation": None}
    named = {"metric": "exact-f1", "headline": "macro_f1", "direction": "higher"}
    return {**named, "currency": None, "methods": list(methods), **empty, **more}


def contest(values, points=None, validated=1.0, **more):
    standings = [
        {
            "contestant": name,
            "values": {
                "elo": value,
                "low": None if value is None else value - 40,
                "high": None if value is None else value + 30,
                "rank_low": 1,
                "rank_high": 3,
                "validated": validated,
            },
        }
        for name, value in values.items()
    ]
    details = {} if points is None else {"points": points, "contestants": list(values)}
    named = {"name": "judge-elo", "seed": 1, "headline": "elo", "decimals": 1}
    return {**named, "standings": standings, "details": details, **more}


def sliced(by, groups, methods, value=0.4, examples=20):
    return [
        {"by": by, "group": group, "order": order, "examples": examples + order, "clusters": 9}
        | {"metric": "exact-f1", **figure(method, value + order / 100)}
        for order, group in enumerate(groups)
        for method in methods
    ]


def material(cells, analysed=None, comparisons=(), slices=()):
    run = RunView(Path(), {"run": {"id": "r"}, "comparisons": list(comparisons)})
    views = tuple(CellView(key=c["id"], method=c["method"], run=run, form=c) for c in cells)
    return Material(
        runs=(run,),
        cells=views,
        analysis=analysed,
        slices=tuple(slices),
        prompts={},
        manifest={},
        missing=(),
    )


def everything():
    """Twelve methods with long names, two seeds, prices, latency, a judge, groups, losses."""
    cells = [
        cell(name, size, seed, report={"demos": size % 65, "loss": losses(size)})
        for name, size in zip(LONG, SIZES, strict=True)
        for seed in (1, 2)
    ]
    counts = [[40, 12, 3, 2, 1, 1], [3, 50, 0, 1, 0, 0], [59, 0, 0, 0, 0, 0]]
    for place, one in enumerate(cells):
        one["outcomes"] = dict(zip(KINDS, counts[place % 3], strict=True))
    known = zip(LONG, VALUES, strict=True)
    figures = [
        figure(name, value, latency=[latency(0.2 + value, 0.5 + 2 * value)])
        for name, value in known
    ]
    names = [f"{name}-s1" for name in LONG]
    ratings = {name: 1300 + 400 * value for name, value in zip(names, VALUES, strict=True)}
    points = [
        [0.0 if a == b else round(10 + 8 * (x - y), 1) for b, y in enumerate((*VALUES, 0.9))]
        for a, x in enumerate((*VALUES, 0.9))
    ]
    points[2][5] = points[5][2] = 0.0
    by_size = list(zip(LONG, SIZES, VALUES, strict=True))
    shown = analysis(
        figures,
        currency="EUR",
        costs={
            name: cost(size / 10, 0.05 + place / 50, 60 + 200 * place)
            for place, (name, size) in enumerate(zip(LONG, SIZES, strict=True))
        },
        curves=[
            curve("few-shot-select-similar-order-random", by_size[1:4]),
            curve("lora-rank-16-alpha-32-all-linear", by_size[6:9]),
            curve("few-shot-select-similar-order-random", by_size[1:4], "demos"),
        ],
        break_evens=[
            volume(LONG[8], LONG[3], 123456.0, 90000.0, 200000.0),
            volume(LONG[5], LONG[0], 120.0, 80.0, None),
        ],
    )
    slices = [
        *sliced("domain", [f"domain {place:02} of a kind" for place in range(22)], LONG),
        *sliced("triples", "1234567", LONG),
    ]
    return material(cells, shown, [contest({**ratings, "gold": 1660.0}, points)], slices)


def losses(steps):
    return [[step, 2.0 / step] for step in range(1, 3 * steps + 1)]


def volume(method, against, answers, low, high):
    view = {"answers": answers, "low": low, "high": high, "undefined": None}
    return {
        "dearer_to_adapt": method,
        "cheaper_to_adapt": against,
        "paid": view,
        "with_errors": None,
    }
