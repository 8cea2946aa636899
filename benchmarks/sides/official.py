"""One process of the row ``official_scores``: scores the pairs of a file, with nothing cached.

``python -m benchmarks.sides.official PAIRS``; PAIRS is JSON, a list of [target, answer]. Prints
seconds and figures. Importing is outside the clock.
"""

import json
import resource
import sys
import time
from pathlib import Path

from evalkit_webnlg.official.metric import WebnlgOfficial
from evalkit_webnlg.params import WebnlgOfficialParams


def main(pairs: str) -> None:
    """Score, and tell what it took."""
    metric = WebnlgOfficial(WebnlgOfficialParams())
    read = json.loads(Path(pairs).read_text(encoding="utf-8"))
    started = time.perf_counter()
    figures = metric.aggregate([metric.score(target, value) for target, value in read])
    seconds = time.perf_counter() - started
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb, "figures": figures}))


if __name__ == "__main__":
    main(sys.argv[1])
