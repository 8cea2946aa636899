"""What tests of the response cache share, and what they run in processes of their own.

``python -m tests.caching WHAT PATH ...`` works on a cache until it is done or killed.
"""

import hashlib
import itertools
import os
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path

from evalkit.cache import ResponseCache

ROOT = Path(__file__).parents[1]
LARGE = 10**9


def key(name):
    return hashlib.sha256(str(name).encode()).hexdigest()


def payload(name, size=300):
    """Bytes that belong to one key alone."""
    return (f"answer {name} " * size).encode()[:size]


def made(names, size=300):
    return {key(name): payload(name, size) for name in names}


def cache(path, limit=LARGE, notice=None):
    return ResponseCache(Path(path), limit_bytes=limit, notice=notice or refuse)


def refuse(text):
    raise AssertionError(f"an unexpected notice: {text}")


def filled(path, count=300, size=300, model="parrot"):
    """Make a file with some answers; they are returned."""
    answers = made(range(count), size)
    kept = cache(path)
    kept.keep(answers, model=model)
    kept.close()
    return answers


def query(path, sql, *values):
    """Do something to the file behind the back of the cache."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


def share(path, worker, count):
    """One of several processes: keep own answers and common ones, find all of them again."""
    kept = cache(path)
    print("ready", flush=True)
    sys.stdin.readline()
    for start in range(0, int(count), 20):
        own = made(f"{worker}/{i}" for i in range(start, start + 20))
        common = made(range(start, start + 20))
        kept.keep(own, model=f"model-{worker}")
        kept.keep(common, model="common")
        wanted = own | common
        assert kept.find(list(wanted)) == wanted
    kept.close()


def share_damaged(path, worker):
    """One of several processes on a damaged file: right answers or none, and no error."""
    kept = cache(path, notice=str)
    print("ready", flush=True)
    sys.stdin.readline()
    for start in range(0, 400, 20):
        own = made(f"{worker}/{i}" for i in range(start, start + 20))
        kept.keep(own, model="a")
        common = made(range(200))
        assert kept.find([*own, *common]).items() <= (own | common).items()
        kept.keep(common, model="a")
        if start % 100 == 0:
            kept.close()
    kept.close()


def together(path, what, workers, *args):
    """Run it in so many processes at once, each with its number; how each of them ended."""
    command = [sys.executable, "-m", "tests.caching", what, str(path)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    started = [
        subprocess.Popen([*command, str(w), *args], cwd=ROOT, text=True, **pipes)
        for w in range(workers)
    ]
    for worker in started:
        assert worker.stdout.readline() == "ready\n"
    for worker in started:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    return [(*worker.communicate(timeout=240), worker.returncode) for worker in started]


def write_on(path):
    """Keep answers until killed; what is said to be kept was kept."""
    kept = cache(path)
    for start in itertools.count(0, 50):
        kept.keep(made(range(start, start + 50), 3000), model="parrot")
        print(start + 50, flush=True)


def hang_in_transaction(path):
    """Begin to write, and stay there until killed."""
    filled(path, 10)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA cache_size = 1")  # so that pages of it reach the log
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE answers SET payload = zeroblob(20000), used = 0")
    print("writing", flush=True)
    sys.stdin.readline()


def fill_up(path, most):
    """Keep answers where files may not grow beyond a size, then where they may."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    kept = cache(path)
    kept.keep(made(range(10)), model="parrot")
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), limits[1]))
    try:
        for start in itertools.count(10, 100):
            kept.keep(made(range(start, start + 100), 1000), model="parrot")
    except OSError as error:
        print(f"failed at {error.filename}", flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert kept.find([key(0)]) == made([0])
    kept.keep(made(["later"]), model="parrot")
    assert kept.find([key("later")]) == made(["later"])
    kept.close()


def without_rights(path):
    """As a user who may write nothing there."""
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    try:
        cache(path).find([])
    except Exception as error:
        print(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    known = (share, share_damaged, write_on, hang_in_transaction, fill_up, without_rights)
    {function.__name__: function for function in known}[sys.argv[1]](*sys.argv[2:])
