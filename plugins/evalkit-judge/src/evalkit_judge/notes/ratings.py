"""What the ratings say of the gold answers, and what limits the ratings themselves."""

from evalkit_judge.lineup import Lineup
from evalkit_judge.ratings import Ratings
from evalkit_judge.sensitivity import ranks


def gold_notes(lineup: Lineup, rated: Ratings) -> list[str]:
    """How the gold answers fared among the methods."""
    if not lineup.gold:
        return ["the gold answers did not take part, so that they check no judge"]
    elo = rated.elo
    own, rank = elo[-1], ranks(elo)[-1]
    if own is None:
        return ["gold: no rating"]
    rating = f"Elo {own:.0f}"
    if rated.low[-1] is not None and rated.high[-1] is not None:
        rating += f" [{rated.low[-1]:.0f}, {rated.high[-1]:.0f}]"
    place = f"{rank} (shared)" if ranks(elo).count(rank) > 1 else str(rank)
    return [f"gold: {rating}, rank {place} of {sum(e is not None for e in elo)}"]


def rating_notes(lineup: Lineup, rated: Ratings) -> list[str]:
    """What limits the ratings themselves."""
    if all(elo is None for elo in rated.elo):
        return [f"ratings are undefined, because {why}" for why in dict.fromkeys(rated.reasons)]
    notes = []
    if rated.regularised:
        notes.append(
            "ratings are regularised (prior of 400 Elo): the verdicts alone do not limit them, as "
            "where some contestants only won or only lost against the rest"
        )
    elif rated.prior_share:
        notes.append(f"intervals: {rated.prior_share:.1%} of the replicates needed a prior")
    known = zip(rated.elo, rated.reasons, strict=True)
    for reason in dict.fromkeys(why for elo, why in known if elo is not None and why):
        notes.append(f"errors, intervals and ranks are undefined, because {reason}")
    names = [[lineup.contestants[i] for i in group] for group in rated.groups]
    linked = [group for group in names if len(group) > 1]
    if len(linked) > 1:
        listed = "; ".join(", ".join(group) for group in linked)
        notes.append(f"ratings can be compared within these groups only: {listed}")
    alone = [group[0] for group in names if len(group) == 1]
    if alone:
        notes.append(f"no rating, for want of verdicts: {', '.join(alone)}")
    return notes
