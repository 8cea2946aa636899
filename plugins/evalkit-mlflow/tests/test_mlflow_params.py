"""Parameters: no credentials in suites, nothing from outside the run folder."""

import pytest

from evalkit import UserError
from evalkit_mlflow.params import MlflowParams
from evalkit_mlflow.reporter import MlflowReporter, artifacts
from evalkit_mlflow.server import find_server


@pytest.mark.parametrize("uri", ["http://u:secret@h", "http://u@h", "http://h?token=secret"])
def test_credentials_in_a_suite_are_refused(uri):
    with pytest.raises(ValueError, match="tracking-uri must not hold credentials"):
        MlflowParams(tracking_uri=uri)


@pytest.mark.parametrize(
    "uri",
    [
        "/srv/me/runs",
        "file:///srv/me",
        "sqlite:////srv/me/x",
        "databricks",
        "http:",
        "http://[x",
    ],
)
def test_a_suite_names_servers_alone(uri):
    with pytest.raises(ValueError, match="tracking-uri must be a server"):
        MlflowParams(tracking_uri=uri)


def test_the_message_does_not_show_them(project):
    project.write(
        "suite.toml",
        'name = "short"\n[task]\nuse = "fake-task"\n[[models]]\nengine = "fake"\n'
        '[[adapters]]\nuse = "fake-bare"\n[[metrics]]\nuse = "contains"\n'
        '[[reporters]]\nuse = "mlflow"\ntracking-uri = "http://ali:sesame@h"\n',
    )
    result = project.run("validate", "suite.toml", "-p", "evalkit.testing.fakes")
    assert result.exit_code == 2
    assert "reporters[0]: tracking-uri must not hold credentials" in result.output
    assert "MLFLOW_TRACKING_URI" in result.output
    assert "sesame" not in result.output


def test_nor_does_that_of_the_report_command(project, folder):
    server = "tracking-uri=http://ali:sesame@h"
    result = project.run("report", str(folder), "--with", "mlflow", "--set", server)
    assert result.exit_code == 2
    assert 'reporter "mlflow": tracking-uri must not hold credentials' in result.output
    assert "sesame" not in result.output


@pytest.mark.parametrize("name", ["/etc/passwd", "../other", "a/../../b", "", ".", "a\0"])
def test_artefacts_lie_in_the_run_folder(name):
    with pytest.raises(ValueError, match="artifacts"):
        MlflowParams(artifacts=(name,))


@pytest.mark.parametrize("given", [{"timeout": 0.0}, {"experiment": ""}, {"user": "me"}])
def test_what_makes_no_sense_is_refused(given):
    with pytest.raises(ValueError, match=next(iter(given))):
        MlflowParams(**given)


@pytest.mark.parametrize("name", ["", "evalkit.key"])
def test_tags_of_ours_are_ours(name):
    with pytest.raises(ValueError, match="tags"):
        MlflowParams(tags={name: "x"})


def test_files_that_are_not_there_are_left_out(tmp_path):
    (tmp_path / "scores" / "m").mkdir(parents=True)
    (tmp_path / "scores" / "m" / "a.jsonl").touch()
    (tmp_path / "results.json").touch()
    found = list(artifacts(tmp_path, ("results.json", "report.html", "scores", "results.json")))
    assert found == [
        (str(tmp_path / "results.json"), ""),
        (str(tmp_path / "scores" / "m" / "a.jsonl"), "scores/m"),
    ]


@pytest.mark.parametrize("where", ["results.json", "scores/secret.jsonl"])
def test_a_link_that_leads_out_is_refused(tmp_path, where):
    secret, folder = tmp_path / "secret", tmp_path / "run"
    secret.touch()
    (folder / "scores").mkdir(parents=True)
    (folder / where).symlink_to(secret)
    with pytest.raises(UserError, match="leads out of the run folder"):
        list(artifacts(folder, (where.partition("/")[0],)))


@pytest.mark.parametrize(
    ("given", "environment", "expected"),
    [(None, None, "tracked"), (None, "theirs", "theirs"), ("mine", "theirs", "mine")],
)
def test_which_experiment(results, folder, monkeypatch, given, environment, expected):
    if environment:
        monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", environment)
    params = MlflowParams(tracking_uri="http://h", experiment=given)
    assert MlflowReporter(params).plan(results, folder)["experiment"] == expected


@pytest.mark.parametrize(
    ("named", "environment", "expected"),
    [
        ("http://h", {}, "http://h"),
        ("http://h", {"MLFLOW_TRACKING_URI": "http://other"}, "http://h"),
        (None, {"MLFLOW_TRACKING_URI": " http://other "}, "http://other"),
        (
            "http://h/",
            {"MLFLOW_TRACKING_URI": "http://u:p@h", "MLFLOW_TRACKING_TOKEN": "t"},
            "http://u:p@h",
        ),
    ],
)
def test_which_server(named, environment, expected):
    assert find_server(named, environment) == expected


@pytest.mark.parametrize(
    "variable", ["MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_AUTH"]
)
@pytest.mark.parametrize("own", ["", "http://other"])
def test_a_suite_does_not_say_where_credentials_go(variable, own):
    environment = {variable: "canary-1234", "MLFLOW_TRACKING_URI": own}
    with pytest.raises(UserError, match=f"http://h, which would get {variable}") as caught:
        find_server("http://h", environment)
    assert "canary" not in str(caught.value)


def test_a_suite_does_not_get_what_mlflow_reads_from_its_own_file(credentials_file):
    with pytest.raises(UserError, match=r"which would get ~/\.mlflow/credentials"):
        find_server("http://h", {})
    assert find_server("http://h", {"MLFLOW_TRACKING_URI": "http://h"}) == "http://h"


def test_plugins_are_listed_without_mlflow(project):
    result = project.run("plugins", "--kind", "reporter", check=True)
    assert "mlflow" in result.stdout
