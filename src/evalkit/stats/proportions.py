"""Proportions: an interval for one of them, and a test for two on the same examples.

Sources: McNemar (1947), Psychometrika 12; Fagerland, Lydersen, Laake (2013), BMC Medical Research
Methodology 13 (exact and mid-p); Wilson (1927), JASA 22.
"""

from dataclasses import dataclass

from scipy.stats import binom, binomtest, chi2

from evalkit.errors import UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class McNemar:
    """A test of two proportions on the same examples.

    Attributes:
        exact: two-sided p by the binomial distribution; 1 if the methods never disagree.
        mid: the same with half the probability of what was seen; less cautious.
        statistic: chi-squared with continuity correction; None if the methods never disagree.
        approximate: p by that; None likewise.
    """

    exact: float
    mid: float
    statistic: float | None
    approximate: float | None


def mcnemar(only_first: int, only_second: int) -> McNemar:
    """Compare two methods by the examples that only one of them got right.

    Raises:
        UserError: a count is negative.
    """
    if min(only_first, only_second) < 0:
        raise UserError(f"counts of examples: {only_first} and {only_second}", "0 or more of each")
    total = only_first + only_second
    if total == 0:
        return McNemar(exact=1.0, mid=1.0, statistic=None, approximate=None)
    exact = float(binomtest(only_first, total).pvalue)
    statistic = max(0, abs(only_first - only_second) - 1) ** 2 / total
    return McNemar(
        exact=exact,
        mid=_mid(min(only_first, only_second), total),
        statistic=statistic,
        approximate=float(chi2.sf(statistic, 1)),
    )


def _mid(least: int, total: int) -> float:
    tail = float(binom.cdf(least, total, 0.5))
    return min(1.0, 2 * tail - float(binom.pmf(least, total, 0.5)))


def wilson(successes: int, total: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a proportion, which stays within 0 and 1.

    Raises:
        UserError: there are no trials, or more successes than trials.
    """
    if not 0 <= successes <= total or total == 0:
        raise UserError(
            f"proportion: {successes} of {total}", "at least one trial, and no more successes"
        )
    found = binomtest(successes, total).proportion_ci(level, method="wilson")
    return float(found.low), float(found.high)
