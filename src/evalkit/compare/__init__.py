"""Compares methods: within a run when it ends, and between runs by ``evalkit compare``."""

from evalkit.compare.runs import Request, analyse_run, compare_runs

__all__ = ["Request", "analyse_run", "compare_runs"]
