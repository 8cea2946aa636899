"""``evalkit latency``: how long a user waits for an answer of a finished cell.

Reading order: ``load`` (when which request is due), ``sender`` (sends them, however slow the
answers are), ``service`` (one request: a whole conversation), ``measure`` (from a run folder to its
``latency/CELL.json``).
"""
