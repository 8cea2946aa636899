"""What is found wrong with a model before a run begins, and what an identity holds."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from evalkit import EngineError, ModelError
from evalkit_openai.engine import OpenAIEngine
from evalkit_openai.params import OpenAIParams
from evalkit_openai.resolve import resolve

from .endpoints import closed_port
from .fake_model import FakeModel
from .test_openai_contract import ask


def found(url, **params):
    return resolve(
        "m", OpenAIParams(**{"model": "model", "base_url": url, "api_key_env": "", **params}), print
    )


def test_a_model_is_resolved_without_asking_anybody():
    with closed_port() as url:
        model = found(url + "/", context_length=99, revision="2")
    assert (model.name, model.engine, model.revision, model.context_length) == (
        "m",
        "openai",
        "2",
        99,
    )
    assert model.abilities == {"generate", "independent", "schema", "serve", "weights:hosted"}


@pytest.mark.parametrize(
    ("params", "abilities"),
    [
        ({"structured": "off"}, set()),
        ({"logprobs": "prompt"}, {"schema", "choices"}),
        ({"logprobs": "top", "structured": "off"}, {"choices"}),
    ],
)
def test_parameters_say_what_the_endpoint_can_do(params, abilities):
    model = found("http://127.0.0.1/v1", **params)
    assert model.abilities == {"generate", "independent", "serve", "weights:hosted"} | abilities


class TestKeys:
    def test_a_missing_key_is_named(self, serve, monkeypatch):
        monkeypatch.delenv("SOME_KEY", raising=False)
        with pytest.raises(ModelError, match="SOME_KEY is not set"):
            found("http://192.0.2.1/v1", api_key_env="SOME_KEY")
        with pytest.raises(ModelError, match="SOME_KEY is not set"):
            found(serve(FakeModel()).url, headers_env={"X-Org": "SOME_KEY"})

    def test_on_loopback_a_key_may_be_missing(self, serve, monkeypatch):
        monkeypatch.delenv("SOME_KEY", raising=False)
        assert found(serve(FakeModel()).url, api_key_env="SOME_KEY").name == "m"

    def test_on_loopback_a_key_may_be_empty(self, serve, connect, monkeypatch):
        monkeypatch.setenv("SOME_KEY", " ")
        server = serve(FakeModel())
        assert found(server.url, api_key_env="SOME_KEY").name == "m"
        list(connect(server.url, api_key_env="SOME_KEY").generate([ask()]))
        assert "authorization" not in server.headers[0]

    def test_an_engine_elsewhere_that_has_no_key_says_so(self, monkeypatch):
        params = OpenAIParams(model="m", base_url="http://192.0.2.1/v1", api_key_env="SOME_KEY")
        monkeypatch.delenv("SOME_KEY", raising=False)
        with pytest.raises(EngineError, match="SOME_KEY"):
            list(OpenAIEngine(None, params).generate([ask()]))

    def test_key_and_headers_are_sent(self, serve, connect, monkeypatch):
        monkeypatch.setenv("SOME_KEY", " key-123456 \n")
        monkeypatch.setenv("ORG", "org-1")
        server = serve(FakeModel())
        engine = connect(server.url, api_key_env="SOME_KEY", headers_env={"X-Org": "ORG"})
        list(engine.generate([ask()]))
        assert server.headers[0]["authorization"] == "Bearer key-123456"
        assert server.headers[0]["x-org"] == "org-1"

    def test_no_proxy_stands_between_this_machine_and_itself(self, serve, connect, monkeypatch):
        with closed_port() as url:
            monkeypatch.setenv("HTTP_PROXY", url.removesuffix("/v1"))
            monkeypatch.setenv("http_proxy", url.removesuffix("/v1"))
            connect(serve(FakeModel()).url).check()


class TestParams:
    @pytest.mark.parametrize(
        "url",
        ["ftp://host/v1", "host/v1", "http://", "http://host:x/v1", "http://h/v1/chat/completions"],
    )
    def test_what_is_no_base_url_is_refused(self, url):
        with pytest.raises(ValidationError, match="base-url"):
            OpenAIParams(model="m", base_url=url)

    @pytest.mark.parametrize(
        "url", ["https://user:pass@host/v1", "https://host/v1?key=abc", "https://host/v1#abc"]
    )
    def test_no_secret_stands_in_a_base_url(self, url):
        with pytest.raises(ValidationError, match="environment variables"):
            OpenAIParams(model="m", base_url=url)

    @pytest.mark.parametrize("key", ["messages", "stream", "temperature", "max_tokens"])
    def test_extra_keys_do_not_change_how_methods_are_asked(self, key):
        with pytest.raises(ValidationError, match=f"sets these keys itself: {key}"):
            OpenAIParams(model="m", extra_body={key: 1})

    @pytest.mark.parametrize("name", ["", "X Org", "X:Org", "X-Örg", "X\n"])
    def test_what_is_no_header_is_refused(self, name):
        with pytest.raises(ValidationError, match="no names of headers"):
            OpenAIParams(model="m", headers_env={name: "ORG"})

    @pytest.mark.parametrize("name", ["Authorization", "authorization"])
    def test_one_authorization_is_sent(self, name):
        with pytest.raises(ValidationError, match='api-key-env = ""'):
            OpenAIParams(model="m", headers_env={name: "ORG"})
        params = OpenAIParams(model="m", headers_env={name: "ORG"}, api_key_env="")
        assert params.headers_env == {name: "ORG"}

    def test_a_slash_at_the_end_makes_no_other_endpoint(self):
        plain, slash = (OpenAIParams(model="m", base_url=f"http://h/v1{end}") for end in ("", "/"))
        assert plain == slash

    @pytest.mark.parametrize(
        ("host", "local"),
        [
            ("localhost", True),
            ("127.0.0.9", True),
            ("[::1]:8000", True),
            ("api.openai.com", False),
            ("10.0.0.1", False),
            ("localhost.example.com", False),
        ],
    )
    def test_which_hosts_are_this_machine(self, host, local):
        assert OpenAIParams(model="m", base_url=f"http://{host}/v1").is_local is local


def test_resolving_imports_no_model_library():
    code = (
        "import sys, evalkit_openai.resolve, evalkit_openai.engine\n"
        "print(sorted({'torch', 'transformers', 'openai', 'litellm'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_resolving_imports_no_network_library():
    code = (
        "import sys, evalkit_openai.hooks, evalkit_openai.params, evalkit_openai.resolve\n"
        "print(sorted({'httpx', 'asyncio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "httpx" not in done.stdout
