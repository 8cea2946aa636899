"""The tests of the report can fail: a careless page is caught at all that it does."""

import pytest

from .planted import PLANTED

pytestmark = pytest.mark.browser
CARELESS = {
    "script": PLANTED["script"],
    "handler": PLANTED["image"],
    "request": "<img src='http://127.0.0.1:9/a.png'>",
    "console": "<script>console.info('here')</script>",
    "error": "<script>missing()</script>",
    "dialog": "<script>alert(1)</script>",
    "policy": "<meta http-equiv=Content-Security-Policy content=script-src><script>1</script>",
    "leaving": "<script>history.replaceState(0, '', '?x')</script>",
}


@pytest.mark.parametrize("kind", CARELESS)
def test_a_careless_page_is_caught(visit, tmp_path, kind):
    path = tmp_path / "careless.html"
    path.write_text(f"<!doctype html><title>t</title>{CARELESS[kind]}", encoding="utf-8")
    with pytest.raises(AssertionError), visit(path):
        pass


def test_a_careful_page_is_not(visit, tmp_path):
    path = tmp_path / "careful.html"
    path.write_text("<!doctype html><title>t</title><p id=a>words", encoding="utf-8")
    with visit(path, "a") as visited:
        assert visited.page.locator("#a").text_content() == "words"
