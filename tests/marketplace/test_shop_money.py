"""Amounts, numbers and days as people of a locale write them."""

from decimal import Decimal

import pytest
from babel import localedata
from hypothesis import given
from hypothesis import strategies as st

from aces.errors import UserError
from marketplace.locales import day_after, locale, long_day, number, short_day, stars
from marketplace.money import amount, decimal, digits, minor_units, parts, scaled

TAGS = sorted(name.replace("_", "-") for name in localedata.locale_identifiers())
CURRENCIES = ["USD", "EUR", "JPY", "KWD", "INR", "CHF"]


@pytest.mark.parametrize(
    ("cents", "currency", "tag", "pieces"),
    [
        (0, "USD", "en-US", ("$", "0", ".00")),
        (123456, "USD", "en-US", ("$", "1,234", ".56")),
        (123456, "JPY", "en-US", ("¥", "123,456", "")),
        (1234567, "KWD", "en-US", ("KWD", "1,234", ".567")),
        (123456, "EUR", "de-DE", ("", "1.234,56\xa0€", "")),
        (123456, "EUR", "nl-NL", ("€\xa0", "1.234", ",56")),
        (12345678, "INR", "hi-IN", ("₹", "1,23,456", ".78")),
        (10**30 + 7, "USD", "en-US", ("$", "10" + ",000" * 9, ".07")),
    ],
)
def test_pieces_of_an_amount(cents, currency, tag, pieces):
    assert parts(cents, currency, tag) == pieces


@given(st.integers(0, 10**15), st.sampled_from(CURRENCIES), st.sampled_from(TAGS), st.booleans())
def test_pieces_make_the_amount_and_programs_read_the_same(cents, currency, tag, discount):
    assert "".join(parts(cents, currency, tag)) == amount(cents, currency, tag)
    assert minor_units(Decimal(decimal(cents, currency)), currency) == cents
    shown = [sign for sign in amount(cents, currency, tag) if sign.isdigit()]
    assert int("".join(str(int(sign)) for sign in shown)) == cents
    if discount:
        assert amount(-cents, currency, "en-US") in (
            "-" + amount(cents, currency, "en-US"),
            amount(0, currency, "en-US"),
        )


@pytest.mark.parametrize("tag", ["en-US", "de-DE", "ja-JP", "ar-EG", "hi-IN", "zh-Hant-TW"])
def test_numbers_and_days_can_be_written_everywhere(tag):
    assert number(1234567, tag)
    assert stars(4.449, tag).startswith("4")
    assert "20" in short_day(day_after("2026-01-15T10:00:00Z", 5), tag)
    assert "2026" in long_day("2026-01-20", tag)


@pytest.mark.parametrize("name", ["", "xx", "en-XX", "english", "en-US; drop"])
def test_unknown_locales_are_named(name):
    with pytest.raises(UserError, match="A locale is a tag such as"):
        locale(name)


@pytest.mark.parametrize(("currency", "places"), [("USD", 2), ("JPY", 0), ("KWD", 3)])
def test_minor_digits(currency, places):
    assert digits(currency) == places


@pytest.mark.parametrize(
    ("cents", "factors", "result"),
    [
        (1050, (1.1,), 1155),  # 1155.0000000000002 in floats
        (5, (0.1,), 1),  # half a cent goes up
        (49, (0.01,), 0),
        (1999, (), 1999),
        (1999, (1.25, 0.7), 1749),
        (10**40 + 1, (0.5,), 5 * 10**39 + 1),
    ],
)
def test_factors_are_taken_as_written_and_rounded_half_up(cents, factors, result):
    assert scaled(cents, *factors) == result
