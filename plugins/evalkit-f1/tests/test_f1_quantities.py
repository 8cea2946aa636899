"""What is taken for a date or a number."""

import pytest

from evalkit_f1.quantities import quantities


@pytest.mark.parametrize(
    ("slot", "found"),
    [
        ("", ()),
        ("Kestrel, Maine", ()),
        ("seven", ()),
        ("7", ("7",)),
        ("-4.5", ("-4.5",)),
        ("\u22124.5", ("\u22124.5",)),
        ("+3", ("+3",)),
        ("1,000", ("1,000",)),
        ("2.5e-3", ("2.5e-3",)),
        ("2.5E-3", ("2.5e-3",)),
        ("1932-03-15", ("1932-03-15",)),
        ("15/03/1932", ("15/03/1932",)),
        ("1932-03-15T09:30:00Z", ("1932-03-15", "09:30:00")),
        ("1990 - 2000", ("1990", "2000")),
        ("98.0 (minutes)", ("98.0",)),
        ("98.", ("98",)),
        ("covid-19", ("19",)),
        ("747-400", ("747-400",)),
        ("the 4th of 5", ("4", "5")),
        ("15 March 1932", ("15", "mar", "1932")),
        ("mar. 15, 1932", ("mar", "15", "1932")),
        ("15march1932", ("15", "mar", "1932")),
        ("June 1932", ("jun", "1932")),
        ("Robert May", ()),
        ("Marching Band 3", ("3",)),
        ("\u0661\u0662", ("\u0661\u0662",)),
    ],
)
def test_what_is_recognised(slot, found):
    assert quantities(slot) == found


@pytest.mark.parametrize("day", ["jan", "January", "SEPT", "september", "May", "dec"])
def test_a_month_counts_beside_a_number_only(day):
    assert quantities(day) == ()
    assert quantities(f"{day} 5") == (day[:3].lower(), "5")
