"""The real release, for the tests that need it."""

import os
from pathlib import Path

import pytest

_BESIDE_THE_PROJECT = Path(__file__).parents[4] / "shared/data/webnlg-v3.0-en"


@pytest.fixture(scope="session")
def release():
    folder = Path(os.environ.get("EVALKIT_WEBNLG") or _BESIDE_THE_PROJECT)
    if not folder.is_dir():
        pytest.skip(f"no WebNLG release at {folder}; EVALKIT_WEBNLG names its folder")
    return folder
