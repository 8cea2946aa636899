"""The locks: every package by version and hashes, all that is needed; nothing else is installed."""

import base64
import hashlib
import re
import subprocess
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
RUN, DEV, CUDA, VLLM, MLFLOW = (
    ROOT / f"requirements{part}.lock" for part in ("", "-dev", "-cuda", "-vllm", "-mlflow")
)
PROJECTS = [ROOT / "pyproject.toml", *sorted(ROOT.glob("plugins/*/pyproject.toml"))]
EXTRAS_OF_THE_SETUP = {"evalkit-webnlg": "hub", "evalkit-tables": "parquet"}


def pins(lock):
    """Name -> version."""
    lines = [line for line in lock.read_text("utf-8").splitlines() if re.match(r"[a-z]", line)]
    return dict(line.removesuffix(" \\").split("==") for line in lines)


@pytest.mark.parametrize("lock", [RUN, DEV, CUDA, VLLM, MLFLOW], ids=lambda lock: lock.stem)
def test_every_package_has_a_version_and_hashes(lock):
    text = re.sub(r"^#.*\n", "", lock.read_text("utf-8"), flags=re.MULTILINE)
    entry = r"[a-z0-9.-]+==[a-z0-9.+]+( \\\n    --hash=sha256:[0-9a-f]{64})+\n"
    assert re.fullmatch(f"({entry})+", text)
    names = list(pins(lock))
    assert names == [canonicalize_name(name) for name in names]
    assert "://" not in text


def test_no_package_is_in_two_locks_of_one_environment():
    assert not set(pins(RUN)) & set(pins(DEV))
    assert not set(pins(RUN)) & set(pins(CUDA))


def test_both_environments_have_one_torch():
    assert pins(VLLM)["torch"] == pins(RUN)["torch"]


def needs():
    """Each requirement of our distributions, with the lock that must meet it."""
    for path in PROJECTS:
        project = tomllib.loads(path.read_text("utf-8"))["project"]
        extras = project.get("optional-dependencies", {})
        extra = EXTRAS_OF_THE_SETUP.get(project["name"], "")
        for text in [*project["dependencies"], *extras.get(extra, ())]:
            yield Requirement(text), pins(RUN)
        for text in extras.get("dev", ()):
            yield Requirement(text), {**pins(RUN), **pins(DEV)}


def test_the_locks_meet_what_our_distributions_need():
    found = [
        f"{need}: locked {locked.get(canonicalize_name(need.name))}"
        for need, locked in needs()
        if not need.name.startswith("evalkit")
        and not need.specifier.contains(locked.get(canonicalize_name(need.name), "0"))
    ]
    assert not found, f"make lock: {found}"


def wheel(folder, name):
    """The smallest wheel; its hash."""
    info, module = f"{name}-1.0.dist-info", f"{name}.py"
    texts = {
        module: "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    for place, text in texts.items():
        sha256 = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
        rows.append(f"{place},sha256={sha256.rstrip('=')},{len(text)}\n")
    texts[f"{info}/RECORD"] = "".join([*rows, f"{info}/RECORD,,\n"])
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for place, text in texts.items():
            archive.writestr(place, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.slow
def test_the_set_up_installs_what_is_locked_and_nothing_else(tmp_path):
    folder, env = tmp_path / "wheels", tmp_path / "env"
    folder.mkdir()
    venv.create(env, with_pip=True)
    good, other = wheel(folder, "good"), wheel(folder, "other")

    def install(lock):
        (tmp_path / "a.lock").write_text(lock)
        script = f"source tools/env.sh; install_locked {env} -r {tmp_path}/a.lock"
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )

    refused = install(f"good==1.0 --hash=sha256:{other}\n")
    assert refused.returncode == 1
    assert "DO NOT MATCH THE HASHES" in refused.stderr
    assert install(f"good==1.0 --hash=sha256:{good}\nother==1.0\n").returncode == 1
    assert not list(env.glob("lib/python*/site-packages/good.py"))
    assert install(f"good==1.0 --hash=sha256:{good}\n").returncode == 0
    assert list(env.glob("lib/python*/site-packages/good.py"))
