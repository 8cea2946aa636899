import pytest

from evalkit_f1.normalize import PROFILES


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Nora_Vale", "nora vale"),
        ('"Nora Vale"', "nora vale"),
        ("'\u201cNora Vale\u201d'", "nora vale"),
        ("\u00ab Nora Vale \u00bb", "nora vale"),
        ("\u201eNora Vale\u201c", "nora vale"),
        ("  Nora \t Vale\n", "nora vale"),
        ("Stra\u00dfe", "strasse"),
        ("\ufb01nal", "final"),
        ("Cafe\u0301", "caf\u00e9"),
        ("NoraVale", "noravale"),
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
    item = ("Nora_Vale", "birthPlace", '"Kestrel"  Maine')
    assert PROFILES["none"].whole(item) == 'Nora_Vale | birthPlace | "Kestrel"  Maine'


def test_slots_are_normalised_each_for_itself():
    item = ("Nora_Vale", "birthPlace", "LaSalle\u00a0")
    assert PROFILES["none"].slots(item) == item
    assert PROFILES["default"].slots(item) == ("nora vale", "birth place", "lasalle")
    assert PROFILES["text2kg"].slots(item) == ("noravale", "birthplace", "lasalle")


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Full\uff3fwidth", "full width"),
        ("a\u00a0b", "a b"),
        ("birthPLACE", "birth place"),
        ("birthPlaceName", "birth place name"),
        ("HTTPServer", "httpserver"),
        ("_birthPlace_", "birth place"),
    ],
)
def test_default_forms_come_before_underscores_and_case(written, normal):
    assert PROFILES["default"].relation(written) == normal


@pytest.mark.parametrize("written", [" A_b\u00a0C\t", "a\u2003B c", "ABC", "__a__bc"])
def test_text2kg_deletes_underscores_and_white_space(written):
    profile = PROFILES["text2kg"]
    assert profile.entity(written) == profile.relation(written) == "abc"


def test_text2kg_concatenates_the_squeezed_slots():
    assert PROFILES["text2kg"].whole(("Nora_Vale", "birth place", "Kestrel, Maine")) == (
        "noravalebirthplacekestrel,maine"
    )


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        (("Nora_Vale", "birthPlace", "LaSalle"), "nora vale | birth place | la salle"),
        (("A (x)", "is", "B_(y)"), "a (x) | is | b"),
        (("a", "b", "c (d) e (f)"), "a | b | c"),
        (("a", "b", "c (d) e"), "a | b | c (d) e"),
        (("a", "b", "(d)"), "a | b | (d)"),
        (("a", "b", '"c"'), 'a | b | "c"'),
    ],
)
def test_webnlg_normalises_as_the_evaluation_does(written, normal):
    assert PROFILES["webnlg"].whole(written) == normal


@pytest.mark.parametrize(
    ("name", "separator"),
    [("none", " | "), ("default", " | "), ("text2kg", ""), ("webnlg", " | ")],
)
@pytest.mark.parametrize("item", [(), ("a",), ("a", "b"), ("a", "b", "c", "d")])
def test_an_item_of_another_length_keeps_its_parts(name, separator, item):
    assert PROFILES[name].whole(item) == separator.join(item)
    assert PROFILES[name].slots(item) == item


@pytest.mark.parametrize("item", [("a", 1, "b"), ("a", None), (1,), ("a", ["b"], "c")])
@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_part_that_is_no_text_is_refused(profile, item):
    for form in (profile.whole, profile.slots):
        with pytest.raises((TypeError, AttributeError)):
            form(item)
