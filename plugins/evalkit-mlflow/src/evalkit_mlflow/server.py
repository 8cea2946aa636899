"""The tracking server: where it is, how a plan gets there, and what to say if it does not."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from evalkit import UserError
from evalkit_mlflow.credentials import held, hidden

PYTHON = "EVALKIT_MLFLOW_PYTHON"
"""Names the interpreter that has MLflow, if that is not the one that runs evalkit."""

_PROGRAM = Path(__file__).with_name("publish.py")
_SETTINGS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
"""What MLflow's own variables are, where the user does not set them. With MLflow's defaults it
would ask for minutes whether a server is there."""

_LONGEST = 400
_SILENT = re.compile(
    r"Connection (refused|reset|aborted)|No route to host|Network is unreachable|"
    r"Failed to resolve '[^']*'|Name or service not known|timed out|CERTIFICATE_VERIFY_FAILED"
)


def find_server(named: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """The tracking URI of the suite, else of the environment.

    Raises:
        UserError: neither names one; or the suite, which may be somebody else's, names one that
            would get the credentials of the environment without the user having said so.
    """
    own = environment.get("MLFLOW_TRACKING_URI", "").strip()
    if not named and not own:
        raise UserError(
            "no MLflow tracking server is named",
            "set MLFLOW_TRACKING_URI in the environment, or tracking-uri in the suite; a server of "
            "your own starts with: mlflow server --host 127.0.0.1 --port 5000",
        )
    if not named or shown(named).rstrip("/") == shown(own).rstrip("/"):
        return own
    if credentials := " and ".join(held(environment)):
        raise UserError(
            f"the suite names MLflow at {shown(named)}, which would get {credentials}",
            "if that is meant, set MLFLOW_TRACKING_URI to the same; else take the credentials away",
        )
    return named


def shown(uri: str) -> str:
    """A tracking URI as it may be shown: without name, password, query and fragment."""
    try:
        parts = urlsplit(uri)
        host = parts.netloc.rpartition("@")[2]
        return parts._replace(netloc=host, query="", fragment="").geturl()
    except ValueError:
        return "the tracking server"


def send(plan: Mapping[str, Any], timeout: float) -> Mapping[str, Any]:
    """Carry out a plan in a process of its own, which is ended when the time is over.

    Args:
        plan: as `evalkit_mlflow.publish` reads it.
        timeout: seconds.

    Returns:
        The ids of the ``experiment`` and the ``run``.

    Raises:
        UserError: it could not be carried out; says at which server, at what, and what to do.
    """
    python = os.environ.get(PYTHON) or sys.executable
    where = f"MLflow at {shown(plan['uri'])}"
    try:
        done = subprocess.run(
            [python, "-P", str(_PROGRAM)],
            input=json.dumps(plan).encode("ascii"),
            env={**_SETTINGS, **os.environ},
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UserError(
            f"{where}: not done after {timeout:g} s, and given up",
            "look whether the server is well; or raise timeout in the suite, and call the reporter "
            "again: what is there is not doubled",
        ) from None
    except OSError as error:
        what = f"{python} cannot be started: {error.strerror or error}"
        raise UserError(what, f"{PYTHON} names an interpreter that has MLflow") from None
    told = _last_line(done.stdout)
    if "run" in told:
        return told
    raise _fault(told, done.stderr.decode(errors="replace"), plan["uri"], python)


def _last_line(output: bytes) -> Mapping[str, Any]:
    """What the program told; empty if it ended without a word."""
    try:
        told = json.loads(output.strip().rpartition(b"\n")[2])
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _fault(told: Mapping[str, Any], stderr: str, uri: str, python: str) -> UserError:
    if not told and re.search(r"No module named '?mlflow", stderr):
        return UserError(
            f"{python} has no MLflow",
            'pip install "evalkit-mlflow[skinny]"; or let '
            f"{PYTHON} name the interpreter of an environment that has mlflow",
        )
    text = str(told.get("error") or stderr.strip().rpartition("\n")[2] or "it ended without a word")
    stage = str(told.get("stage", "the program that talks to it"))
    silent = _SILENT.search(text)
    text = f"no answer: {silent[0]}" if silent else text
    message = f"MLflow at {shown(uri)}: {_told(f'{stage}: {text}', uri)}"
    return UserError(message, _hint(stage, text))


def _hint(stage: str, text: str) -> str:
    if re.search(r"\b(401|403)\b|[Uu]nauthorized|Permission denied", text):
        return (
            "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, "
            "of somebody who may write there"
        )
    if "artefact" in stage:
        return (
            "see whether the server can write to its artefact store; artifacts = [] sends figures "
            "alone. Call the reporter again when it is mended: what is there is not doubled"
        )
    return (
        "see whether a tracking server answers there and what its log says, then call the "
        "reporter again: what is there is not doubled"
    )


def _told(text: str, uri: str) -> str:
    """What others say, on one line, not too long, without secrets."""
    text = re.sub(r"(?<=://)[^/\s@]*@", "", hidden(text, uri))
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " ..."
