"""TOML -> Suite: strict, all faults at once, with profiles, overrides and sweeps."""

from evalkit.suite.check import check_suite
from evalkit.suite.keys import AnalysisKeys, ExpectKeys, LimitKeys
from evalkit.suite.model import AdapterUse, Evaluation, ModelUse, Suite, Use, Variant
from evalkit.suite.read import RawSuite, read_suite
from evalkit.suite.selectors import methods_meant

__all__ = [
    "AdapterUse",
    "AnalysisKeys",
    "Evaluation",
    "ExpectKeys",
    "LimitKeys",
    "ModelUse",
    "RawSuite",
    "Suite",
    "Use",
    "Variant",
    "check_suite",
    "methods_meant",
    "read_suite",
]
