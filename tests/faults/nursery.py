"""Lives of `evalkit`: each a fork of this program, so that the libraries are imported once.

``python -m tests.faults.nursery MODULE ...`` imports the modules and then does what it reads from
standard input, a line of JSON at a time; it answers each with a line of JSON. Started in a mount
namespace of its own it can also have small disks.
"""

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from importlib import import_module
from pathlib import Path

from tests.faults import points

from evalkit.cli import main as evalkit

PATIENCE_S = 240


def live(life):
    """In the child: run the command to its end, or to its fault."""
    os.setsid()
    os.chdir(life["folder"])
    os.environ.update(life["env"])
    for descriptor, name in enumerate((os.devnull, life["out"], life["err"])):
        opened = os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(opened, descriptor)
        os.close(opened)
    points.install(life["root"], life["fault"])
    try:
        code = evalkit(life["args"])
    except SystemExit as ended:
        code = ended.code or 0
    sys.stdout.flush()
    sys.stderr.flush()
    threading._shutdown()
    os._exit(code)


def run(life):
    """How a life ended; a kill after some seconds comes from here."""
    started = time.monotonic()
    process = os.fork()
    if process == 0:
        try:
            live(life)
        finally:
            os._exit(70)
    code = None
    limit = life["kill_after"]
    while code is None:
        ended, status = os.waitpid(process, os.WNOHANG)
        passed = time.monotonic() - started
        if ended:
            code = os.waitstatus_to_exitcode(status)
        elif passed > PATIENCE_S or (limit is not None and passed >= limit):
            os.kill(process, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        else:
            time.sleep(0.002)
    passed = time.monotonic() - started
    return {"code": code, "seconds": passed, "late": passed > PATIENCE_S, "process": process}


def mount(order):
    """A disk of its own, of some size."""
    options = f"size={order['size']}" + (",ro" if order.get("read_only") else "")
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", order["folder"]], check=True)
    return {}


def fill(order):
    """Leave so many bytes on the disk of a folder."""
    points.leave(order["folder"], order["leave"])
    return {}


def clear(order):
    """Remove all that is in a folder."""
    for path in Path(order["folder"]).iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return {}


def copy(order):
    """Bring a folder to where others see it."""
    shutil.copytree(order["folder"], order["to"], symlinks=True, dirs_exist_ok=True)
    return {}


def main():
    for name in sys.argv[1:]:
        import_module(name)
    gc.collect()
    gc.freeze()  # else each life looks through all that was imported
    do = {"run": run, "mount": mount, "fill": fill, "clear": clear, "copy": copy}
    print("ready", flush=True)
    for text in sys.stdin:
        order = json.loads(text)
        print(json.dumps(do[order["do"]](order)), flush=True)


if __name__ == "__main__":
    main()
