"""What a suite may say about a model behind an endpoint."""

import ipaddress
import re
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from evalkit import NotInIdentity, Params

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OWN_KEYS = {
    *("model", "messages", "stream", "n", "stop", "seed", "temperature", "response_format"),
    *("max_tokens", "max_completion_tokens", "logprobs", "top_logprobs", "prompt_logprobs"),
    *("add_generation_prompt", "continue_final_message"),
}
"""Keys of a request that evalkit sets itself, so that all methods are asked alike."""


class OpenAIParams(Params):
    """Where the endpoint is, what it can do, and how much it may be asked at a time."""

    model: str = Field(min_length=1, description="The model's name at the endpoint.")
    base_url: str = Field(
        default="https://api.openai.com/v1",
        description="What comes before /chat/completions; most end in /v1.",
    )
    revision: str = Field(
        default="",
        description="Any text; another one tells that the same name now serves other weights.",
    )
    api_key_env: Annotated[str, NotInIdentity()] = Field(
        default="OPENAI_API_KEY",
        description="Environment variable with the key; empty: send none. On loopback optional.",
    )
    headers_env: Annotated[dict[str, str], NotInIdentity()] = Field(
        default_factory=dict,
        description="More headers: name -> environment variable with the value.",
    )
    max_connections: Annotated[int, NotInIdentity()] = Field(
        default=16, ge=1, le=1000, description="Most requests under way at a time."
    )
    timeout: Annotated[float, NotInIdentity()] = Field(
        default=300.0, gt=0, description="Seconds for one attempt at a request."
    )
    total_timeout: Annotated[float, NotInIdentity()] = Field(
        default=900.0, gt=0, description="Seconds for all attempts at a request."
    )
    attempts: Annotated[int, NotInIdentity()] = Field(
        default=8, ge=1, le=100, description="Most attempts at a request."
    )
    retries: Annotated[Annotated[int, Field(ge=0)] | Literal["unlimited"], NotInIdentity()] = Field(
        default=10_000,
        description="Most repeated attempts over all requests, as long as the engine lives.",
    )
    context_length: int = Field(
        default=0, ge=0, description="Most tokens of prompt and answer together; 0: unknown."
    )
    structured: Literal["auto", "strict", "off"] = Field(
        default="auto",
        description=(
            "How schemas are sent: auto asks for strict mode where the schema allows it, strict "
            "always, off says that the endpoint cannot follow a schema."
        ),
    )
    logprobs: Literal["none", "prompt", "top"] = Field(
        default="none",
        description=(
            "How choices are weighed: prompt takes all tokens (vLLM), top the first token's "
            "top_logprobs; none says that the endpoint cannot."
        ),
    )
    max_tokens_key: Literal["max_tokens", "max_completion_tokens"] = Field(
        default="max_tokens", description="The request's key for the token limit."
    )
    fold_system: bool = Field(
        default=False, description="Move the system turn to the top of the first user turn."
    )
    omit: tuple[Literal["temperature", "seed", "stop"], ...] = Field(
        default=(), description="Keys of a request that the endpoint refuses."
    )
    extra_body: dict[str, Any] = Field(
        default_factory=dict,
        description="More keys of each request, for instance reasoning_effort.",
    )

    @field_validator("base_url")
    @classmethod
    def _without_slash(cls, url: str) -> str:
        """With or without a slash at its end it is one address, and one identity."""
        return url.rstrip("/")

    @model_validator(mode="after")
    def _well_formed(self) -> Self:
        """Check what a type cannot say.

        A fault of the whole table is shown without its values: one of them may be a secret that
        was put into the wrong place.
        """
        _check_url(self.base_url)
        variables = [self.api_key_env] if self.api_key_env else []
        for variable in [*variables, *self.headers_env.values()]:
            if not _VARIABLE.fullmatch(variable):
                raise ValueError(
                    "api-key-env and headers-env take names of environment variables, "
                    "never the secrets themselves"
                )
        odd = [name for name in self.headers_env if not _HEADER.fullmatch(name)]
        if odd:
            raise ValueError(f"headers-env: no names of headers: {', '.join(map(repr, odd))}")
        if self.api_key_env and "authorization" in map(str.lower, self.headers_env):
            raise ValueError(
                "headers-env: the key is sent as Authorization already: "
                'leave this header out, or set api-key-env = ""'
            )
        taken = sorted(_OWN_KEYS & set(self.extra_body))
        if taken:
            raise ValueError(f"extra-body: evalkit sets these keys itself: {', '.join(taken)}")
        return self

    @property
    def is_local(self) -> bool:
        """Whether the endpoint is on this machine."""
        host = urlsplit(self.base_url).hostname or ""
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False


def _check_url(url: str) -> None:
    """Raises ValueError for what is no base URL, or one with a secret in it."""
    try:
        parts = urlsplit(url)
        bare = not (parts.username or parts.password or parts.query or parts.fragment)
        fit = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        bare, fit = True, False
    if not bare:
        raise ValueError(
            "base-url holds a user, password, query or fragment: "
            "put secrets into environment variables, and name them in headers-env"
        )
    if not fit:
        raise ValueError("base-url must look like https://host/v1")
    if parts.path.rstrip("/").endswith("/chat/completions"):
        raise ValueError("base-url ends before /chat/completions")
