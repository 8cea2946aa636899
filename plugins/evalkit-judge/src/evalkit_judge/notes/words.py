"""Words that several notes need."""


def units_of(count: int) -> str:
    """The number with its noun."""
    return f"{count} unit" if count == 1 else f"{count} units"
