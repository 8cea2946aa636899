"""Which methods a text means."""

import pytest

from evalkit.suite import methods_meant

METHODS = {
    "few-shot-k2-small": "few-shot-k2",
    "few-shot-k4-small": "few-shot-k4",
    "few-shot-k2-large": "few-shot-k2",
    "zero-shot": "zero-shot",
    "odd[1]": "odd[1]",
    "run-1/tuned": "tuned",
    "run-2/tuned": "tuned",
}


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("zero-shot", ["zero-shot"]),
        ("few-shot-k2-large", ["few-shot-k2-large"]),
        ("few-shot-k2", ["few-shot-k2-small", "few-shot-k2-large"]),
        ("few-shot-*-small", ["few-shot-k2-small", "few-shot-k4-small"]),
        ("few-shot-k?-large", ["few-shot-k2-large"]),
        ("*", list(METHODS)),
        ("odd[1]", ["odd[1]"]),
        ("tuned", ["run-1/tuned", "run-2/tuned"]),
        ("run-2/*", ["run-2/tuned"]),
        ("Zero-shot", []),
        ("few", []),
        ("", []),
    ],
)
def test_a_name_an_adapter_or_a_pattern(selector, found):
    assert methods_meant(selector, METHODS) == found


def test_a_name_goes_before_the_adapter_of_others():
    methods = {"lora": "lora", "lora-100": "lora"}
    assert methods_meant("lora", methods) == ["lora"]
