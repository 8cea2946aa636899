"""The engine ``openai``: models behind an OpenAI-compatible endpoint.

Reading order: ``params`` and ``resolve`` (what a suite means), ``engine`` (requests in,
completions out), ``body`` and ``answer`` (what is sent, what comes back), ``reply`` (what may be
wrong with it), ``endpoint`` and ``health`` (what all batches share), ``batch`` (asking again),
``check`` (does it answer, before the first job),
``pace`` (how fast), ``single`` (one request for a user who waits), ``choices``, ``keys``, ``loop``.
"""
