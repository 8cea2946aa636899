"""What a browser may do with the page: run and apply what is in it, and load nothing.

Source: Content Security Policy Level 3, https://www.w3.org/TR/CSP3/#framework-directive-source-list
"""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

from markupsafe import Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline:
    """The one script, or the one style, of the page.

    Attributes:
        text: what stands in its element, as it is.
        source: how the policy names it.
    """

    text: Markup
    source: str


def inline(*names: str, opening: str = "", closing: str = "") -> Inline:
    """Files of the folder ``static``, one after another, between an opening and a closing text."""
    folder = files("evalkit_report") / "static"
    texts = ((folder / name).read_text("utf-8") for name in names)
    text = "\n".join(filter(None, (opening, *texts, closing)))
    digest = b64encode(sha256(text.encode()).digest()).decode()
    return Inline(text=Markup(text), source=f"'sha256-{digest}'")


def policy(script: Inline, style: Inline) -> str:
    """The content policy that admits this script and this style alone."""
    return (
        f"default-src 'none'; script-src {script.source}; style-src {style.source}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
