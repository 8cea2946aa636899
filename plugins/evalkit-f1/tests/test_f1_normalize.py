import pytest

from evalkit_f1.normalize import PROFILES


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Alan_Bean", "alan bean"),
        ('"Alan Bean"', "alan bean"),
        ("'\u201cAlan Bean\u201d'", "alan bean"),
        ("\u00ab Alan Bean \u00bb", "alan bean"),
        ("\u201eAlan Bean\u201c", "alan bean"),
        ("  Alan \t Bean\n", "alan bean"),
        ("Stra\u00dfe", "strasse"),
        ("\ufb01nal", "final"),
        ("Cafe\u0301", "caf\u00e9"),
        ("AlanBean", "alanbean"),
        ("'Til Tuesday", "'til tuesday"),
        ('"', '"'),
        ("", ""),
    ],
)
def test_default_forgives_the_spelling_of_a_name(written, normal):
    assert PROFILES["default"].entity(written) == normal


@pytest.mark.parametrize("written", ["birthPlace", "birth_place", "birth place", "Birth  Place"])
def test_default_splits_camel_case_in_the_relation(written):
    assert PROFILES["default"].relation(written) == "birth place"


def test_default_leaves_camel_case_in_subject_and_object():
    assert PROFILES["default"].whole(("McDuff", "birthPlace", "LaSalle")) == (
        "mcduff | birth place | lasalle"
    )


def test_none_compares_as_written():
    item = ("Alan_Bean", "birthPlace", '"Wheeler"  Texas')
    assert PROFILES["none"].whole(item) == 'Alan_Bean | birthPlace | "Wheeler"  Texas'


def test_text2kg_concatenates_the_squeezed_slots():
    assert PROFILES["text2kg"].whole(("Alan_Bean", "birth place", "Wheeler, Texas")) == (
        "alanbeanbirthplacewheeler,texas"
    )


@pytest.mark.parametrize(
    ("name", "separator"), [("none", " | "), ("default", " | "), ("text2kg", "")]
)
@pytest.mark.parametrize("item", [(), ("a",), ("a", "b"), ("a", "b", "c", "d")])
def test_an_item_of_another_length_keeps_its_parts(name, separator, item):
    assert PROFILES[name].whole(item) == separator.join(item)
