"""Whether an endpoint is worth asking on, by what became of the requests so far."""

IN_A_ROW = 5
"""So many requests without an answer, none in between with one, and the endpoint is given up."""


class Health:
    """Counts what comes back, over all batches.

    A refused request may be the first of many, or odd by itself. As refusals come faster than
    answers, they decide only once each of the first requests, as many as there may be
    connections, has come back, and none of them with an answer.
    """

    def __init__(self, connections: int) -> None:
        """Nothing was asked yet."""
        self._connections = connections
        self._answered = False
        self._first: set[object] = set()  # those of the first requests that are not back yet
        self.renew()

    def renew(self) -> None:
        """Count from the beginning, as after the endpoint was given up."""
        self._begun = self._lost = self._refused = 0

    def begun(self, request: object) -> None:
        """A request will be sent."""
        if self._begun < self._connections:
            self._begun += 1
            self._first.add(request)

    def ended(self, request: object) -> None:
        """A request has come back, however it went."""
        self._first.discard(request)

    def answered(self) -> None:
        """A request was answered."""
        self._answered, self._lost = True, 0

    def lost(self) -> bool:
        """A request got no answer, however often it was sent; whether it was one too many."""
        self._lost += 1
        return self._lost >= IN_A_ROW

    def refused(self, request: object) -> bool:
        """A request was refused; whether all of them seem to be."""
        self._first.discard(request)
        self._refused += 1
        return not self._answered and self._refused >= IN_A_ROW and not self._first
