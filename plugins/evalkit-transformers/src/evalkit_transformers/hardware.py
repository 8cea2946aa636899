"""What this machine computes with, found out without importing torch."""

import ctypes
import os
import re
from importlib.util import find_spec
from pathlib import Path

_FAST_BFLOAT16 = ("avx512_bf16", "amx_bf16")


def device_for(wanted: str) -> str:
    """The device that a parameter means: ``auto`` is CUDA where there is a GPU, else the CPU."""
    if wanted != "auto":
        return wanted
    return "cuda" if cuda_present() else "cpu"


def dtype_for(wanted: str, device: str) -> str:
    """The number format that a parameter means.

    ``auto`` is bfloat16 on a GPU and on processors that multiply it in hardware (there it is
    about five times as fast), else float32.
    """
    if wanted != "auto":
        return wanted
    if device == "cpu":
        return "bfloat16" if cpu_multiplies_bfloat16() else "float32"
    return "bfloat16"


def cpu_multiplies_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor lists an instruction set with bfloat16 products."""
    try:
        text = cpuinfo.read_text("utf-8", errors="replace")
    except OSError:
        return False
    flags = re.search(r"^flags\s*:(.*)$", text, re.MULTILINE)
    return flags is not None and any(flag in flags[1].split() for flag in _FAST_BFLOAT16)


def cuda_present() -> bool:
    """Whether there is a GPU, its driver, and a torch that can use them."""
    return torch_has_cuda() and gpu_present()


def gpu_present() -> bool:
    """Whether there is a GPU with its driver, whatever torch is installed.

    The driver library is only opened: starting CUDA here would break processes forked later.
    """
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    if not [*Path("/dev").glob("nvidia[0-9]*"), *Path("/dev").glob("dxg")]:
        return False
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def torch_has_cuda() -> bool:
    """Whether the installed torch was built for CUDA, read from its version file."""
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return False
    version = Path(spec.origin).with_name("version.py")
    built_for = re.search(r"^cuda\b[^=]*=\s*(.+)$", version.read_text("utf-8"), re.MULTILINE)
    return built_for is not None and built_for[1].strip() != "None"
