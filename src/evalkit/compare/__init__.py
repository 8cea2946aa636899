"""Compares methods: within a run when it ends, and between runs by ``evalkit compare``."""
