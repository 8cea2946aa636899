"""What the tests of faults share: the programs whose forks are the lives, and the folders."""

import functools
import hashlib
import random
import subprocess

import pytest
from tests.faults.lives import APART, HEAVY, LIGHT, Lab, Nursery, points, seed


def pytest_report_header():
    """Say by which seed the faults are drawn."""
    return f"faults: EVALKIT_FAULTS_SEED={seed()}, about {points(200)} kill points"


@pytest.fixture(scope="session")
def nurseries():
    """Makes each nursery once."""
    made = {}

    def find(*modules, apart=False):
        key = (modules, apart)
        if key not in made:
            made[key] = Nursery(*modules, apart=apart)
        return made[key]

    yield find
    for nursery in made.values():
        nursery.close()


@pytest.fixture
def light(nurseries):
    """Lives with the fakes."""
    return nurseries(*LIGHT)


@pytest.fixture
def heavy(nurseries):
    """Lives with models."""
    return nurseries(*HEAVY)


@pytest.fixture
def labs(tmp_path, light):
    """Makes labs with the fakes, by name."""

    def make(suite):
        return lambda name: Lab(tmp_path / name, suite, light)

    return make


@pytest.fixture
def rng(request):
    """Draws by the seed and the test, whatever else runs."""
    name = hashlib.sha256(request.node.name.encode()).hexdigest()
    return random.Random(f"{seed()} {name}")


@functools.cache
def namespaces():
    """Whether this system lets anybody mount a small disk."""
    try:
        return subprocess.run([*APART, "true"], capture_output=True).returncode == 0
    except OSError:
        return False


@pytest.fixture
def apart(nurseries):
    """Lives with the fakes, where small disks can be mounted."""
    if not namespaces():
        pytest.skip("this system lets nobody mount a small disk")
    return nurseries(*LIGHT, apart=True)
