"""Faults inside a process: it is killed at a named write, its disk is full, its clock is put back.

A write boundary is a call that changes a file, named by the call and the place, for instance
``pwrite runs/jobs/.unfinished/predict-ID.journal``. The functions of `os` are wrapped, which the
standard library goes through as well; the product has no hooks for it. The kill is a SIGKILL.
"""

import builtins
import io
import os
import re
import signal
import subprocess
import time
from collections import Counter
from functools import partial
from pathlib import Path

ON_PATHS = ("replace", "rename", "truncate", "unlink", "remove", "mkdir", "rmdir", "symlink")
ON_DESCRIPTORS = ("write", "pwrite", "fsync", "fdatasync", "ftruncate")
TARGET_SECOND = ("replace", "rename", "symlink")
OF_THE_PRODUCT = ("runs/", "cache/", "report.xml", ".report.xml")
SAMES = (
    (r"[0-9a-f]{24,}", "ID"),
    (r"ID-\d+", "ID-draft"),
    (r"\d{8}-\d{6}-[\w.]+(-\d+)?", "RUN"),
    (r"(predictions|near-duplicates|prompts|scores/[^/]+)/[^/]+", r"\1/CELL"),
    (r"(step-)\d+[^/]*", r"\1N"),
    (r"\.\d+$", ""),
)


def place(path, root):
    """Where a path is, without what differs from run to run; None outside the root."""
    path = str(Path(os.fsdecode(path)).absolute())
    if not path.startswith(f"{root}/"):
        return None
    found = path[len(root) + 1 :]
    if not found.startswith(OF_THE_PRODUCT):
        return None
    for pattern, same in SAMES:
        found = re.sub(pattern, same, found)
    return found


class Watch:
    """Sees every write below a folder, and does something before, after or within one of them."""

    def __init__(self, root, *, at="", number=1, when="before", do=None, log=None):
        self.root, self.at, self.left, self.when, self.do = root, at, number, when, do
        self.log = None if log is None else os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        self.write = os.write

    def install(self):
        for name in ON_DESCRIPTORS:
            setattr(os, name, self.on_descriptor(name, getattr(os, name)))
        for name in ON_PATHS:
            setattr(os, name, self.on_path(name, getattr(os, name)))
        os.sendfile = self.on_sendfile(os.sendfile)
        io.open = builtins.open = self.on_open(builtins.open)

    def on_descriptor(self, name, call):
        def watched(descriptor, *args):
            where = self.place_of(descriptor)
            short = None
            if args and isinstance(args[0], bytes):  # the first half of what was to be written
                short = (descriptor, args[0][: len(args[0]) // 2], *args[1:])
            return self.around(name, where, call, (descriptor, *args), {}, short)

        return watched

    def on_path(self, name, call):
        def watched(*args, **named):
            path = args[name in TARGET_SECOND]
            if named.get("dir_fd") is not None:
                path = target(named["dir_fd"]) / path
            return self.around(name, place(path, self.root), call, args, named)

        return watched

    def on_sendfile(self, call):
        def watched(out, source, offset, count):
            half = (out, source, offset, max(1, os.fstat(source).st_size // 2))
            where = self.place_of(out)
            return self.around("sendfile", where, call, (out, source, offset, count), {}, half)

        return watched

    def on_open(self, call):
        def watched(file, mode="r", *args, **named):
            writes = isinstance(file, str | Path) and isinstance(mode, str) and mode[0] in "wax"
            where = place(file, self.root) if writes else None
            return self.around("open", where, call, (file, mode, *args), named)

        return watched

    def place_of(self, descriptor):
        try:
            return place(target(descriptor), self.root)
        except OSError:
            return None

    def around(self, name, where, call, args, named, half=None):
        """Do a call, and what is to be done at it."""
        if where is None:
            return call(*args, **named)
        boundary = f"{name} {where}"
        if self.log is not None:
            self.write(self.log, f"{boundary}\n".encode())
        mine = boundary == self.at
        self.left -= mine
        now = mine and self.left == 0
        if now and self.when == "half" and half is not None:
            call(*half)
        if now and self.when != "after":
            self.do()
        found = call(*args, **named)
        if now and self.when == "after":
            self.do()
        return found


def target(descriptor):
    """The path of an open file."""
    return Path(f"/proc/self/fd/{descriptor}").readlink()


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def leave(folder, room):
    """Let so many bytes be free on the small disk at a folder, by giving it another size."""
    disk = os.statvfs(folder)
    used = (disk.f_blocks - disk.f_bfree) * disk.f_frsize
    options = f"remount,size={max(used + room, disk.f_frsize)}"
    subprocess.run(["mount", "-o", options, folder], check=True)


def put_clock_back(after, by_s):
    """Let the time of day fall back by so many seconds once it was asked for so often."""
    now, asked = time.time, Counter()

    def told():
        asked["time"] += 1
        return now() - by_s * (asked["time"] > after)

    form, broken = time.strftime, time.localtime
    time.time = told
    time.strftime = lambda text, when=None: form(text, broken(told()) if when is None else when)


def stop_clock(at):
    """Let it be the same second always."""
    form = time.strftime
    time.time = lambda: at
    time.strftime = lambda text, when=None: form(text, time.localtime(at) if when is None else when)


def install(root, fault):
    """Prepare this process for a fault, as `tests.faults.lives` describes it."""
    match fault.get("kind"):
        case "trace":
            Watch(root, log=fault["log"]).install()
        case "kill":
            where = {key: fault[key] for key in ("at", "number", "when")}
            Watch(root, **where, do=die).install()
        case "fill":
            full = partial(leave, fault["folder"], 0)
            Watch(root, at=fault["at"], number=fault["number"], do=full).install()
        case "clock back":
            put_clock_back(fault["after"], fault["by_s"])
        case "clock stands":
            stop_clock(fault["at"])
