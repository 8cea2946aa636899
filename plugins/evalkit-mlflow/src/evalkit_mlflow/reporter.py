"""The reporter ``mlflow``: one parent for the run, a nested run for each cell."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from evalkit import Json, Reporter, UserError
from evalkit_mlflow.forms import Form
from evalkit_mlflow.names import valid_text
from evalkit_mlflow.of_cell import nested
from evalkit_mlflow.of_run import parent, run_key
from evalkit_mlflow.params import MlflowParams
from evalkit_mlflow.server import find_server, send

_LONGEST_EXPERIMENT = 500


class MlflowReporter(Reporter):
    """Shows a run on a tracking server."""

    params: MlflowParams

    def report(self, results: Mapping[str, Json], folder: Path) -> None:
        """Bring the runs of the server to what the results say.

        Raises:
            UserError: there is no server, it does not answer, or it refuses.
        """
        send(self.plan(results, folder), self.params.timeout)

    def plan(self, results: Form, folder: Path) -> dict[str, Json]:
        """What is to be there in the end, as `evalkit_mlflow.publish` reads it.

        Raises:
            UserError: no server is named, or a link leads out of the run folder.
        """
        tags = self.params.tags
        run = results["run"]
        forms = [parent(results, self.params.run_name or run["id"], tags)]
        forms += [nested(results, cell, tags) for cell in results["cells"]]
        experiment = (
            self.params.experiment or os.environ.get("MLFLOW_EXPERIMENT_NAME") or run["suite"]
        )
        return {
            "uri": find_server(self.params.tracking_uri),
            "experiment": valid_text(experiment, _LONGEST_EXPERIMENT),
            "key": run_key(results),
            "now_ms": int(time.time() * 1000),
            "runs": [asdict(form) for form in forms],
            "artifacts": [list(one) for one in artifacts(folder, self.params.artifacts)],
        }


def artifacts(folder: Path, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The files to upload: their path, and the folder that they are put into.

    Raises:
        UserError: a link leads out of the run folder: it may be somebody else's.
    """
    for name in dict.fromkeys(names):
        place = folder / name
        found = sorted(place.rglob("*")) if place.is_dir() else [place]
        for path in found:
            if not path.resolve().is_relative_to(folder.resolve()):
                raise UserError(f"{path}: a link leads out of the run folder", "remove the link")
            if path.is_file():
                inside = path.parent.relative_to(folder).as_posix()
                yield str(path.resolve()), "" if inside == "." else inside
