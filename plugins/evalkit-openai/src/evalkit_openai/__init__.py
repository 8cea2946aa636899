"""The engine ``openai``: models behind an OpenAI-compatible endpoint.

Reading order: ``params`` and ``resolve`` (is it there, before a run), ``engine`` (requests in,
completions out), ``body`` and ``answer`` (what is sent, what comes back), ``reply`` (what may be
wrong with it), ``endpoint`` and ``health`` (what all batches share), ``batch`` (asking again),
``pace`` (how fast), ``choices``, ``keys``, ``loop``.
"""
