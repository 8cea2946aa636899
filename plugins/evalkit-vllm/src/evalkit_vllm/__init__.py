"""The engine ``vllm``: causal language models through vLLM, in an environment of its own.

Reading order: ``params`` and ``resolve`` (which model, found without loading it), ``engine``
(requests in, completions out), ``server`` (vLLM with a model), ``answering``, then what that
stands on: ``asking``, ``chat``, ``choices``, ``lora``, ``quiet``.
"""
