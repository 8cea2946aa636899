"""Whether a comparison is fair: what each cell really did, kept with it, and checks over cells."""

from evalkit.fairness.checks import Check, check

__all__ = ["Check", "check"]
