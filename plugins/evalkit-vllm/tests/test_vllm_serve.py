"""The engine ``openai`` against a real ``vllm serve`` on this machine."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from evalkit_vllm.params import VllmParams
from evalkit_vllm.resolve import resolve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

TESTS = Path(__file__).parents[2] / "evalkit-openai" / "tests" / "test_openai_live.py"
PATIENCE_S = 200


@pytest.fixture(scope="module")
def endpoint(vllm_python, on_a_processor, tmp_path_factory):
    """The base URL of a server that has answered."""
    folder = resolve("served", VllmParams(), print).folder
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # What `vllm serve` runs; the command itself does not start in the build for processors.
    command = [str(vllm_python), "-m", "vllm.entrypoints.openai.api_server"]
    command += ["--model", str(folder), "--served-model-name", "small"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--dtype", "float32"]
    command += ["--enforce-eager", "--kv-cache-memory-bytes", str(2 << 30), "--block-size", "32"]
    quiet = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1"}
    log = tmp_path_factory.mktemp("serve") / "log"
    with log.open("w") as out:
        server = subprocess.Popen(
            command,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env={**os.environ, **quiet, "TORCHDYNAMO_DISABLE": "1"},
        )
    try:
        yield wait_for_an_answer(f"http://127.0.0.1:{port}/v1", server, log)
    finally:
        end(server)


def wait_for_an_answer(url, server, log):
    """Ask until it answers: that the server lists its model does not say that it can."""
    question = {"model": "small", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2}
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and server.poll() is None:
        with suppress(httpx.HTTPError):
            if httpx.post(f"{url}/chat/completions", json=question, timeout=60).is_success:
                return url
        time.sleep(0.5)
    pytest.fail("vllm serve does not answer:\n" + "\n".join(log.read_text().splitlines()[-30:]))


def end(server):
    """End it and all that it started."""
    server.terminate()
    with suppress(subprocess.TimeoutExpired):
        server.wait(timeout=20)
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def test_the_engine_openai_keeps_its_promises(endpoint):
    settings = {
        "EVALKIT_OPENAI_BASE_URL": endpoint,
        "EVALKIT_OPENAI_MODEL": "small",
        "EVALKIT_OPENAI_LOGPROBS": "prompt",
        "EVALKIT_OPENAI_CONTEXT": "8192",
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-m", "", "-q", "-ra", str(TESTS)],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)
