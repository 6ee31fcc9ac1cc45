"""Amounts as any locale writes them, read back; Babel writes, we read."""

import pytest
from babel import numbers
from hypothesis import given
from hypothesis import strategies as st

from aces.money import minor_digits
from agents.interfaces._reading import Money, read_count, read_decimal, read_stars

LOCALES = [
    *("en-US", "en-GB", "de-DE", "de-CH", "fr-FR", "ja-JP", "en-IN", "sv-SE", "ar-EG", "pl-PL"),
    *("he-IL", "pt-BR", "es-ES", "zh-CN", "ko-KR", "nl-NL", "it-IT", "ru-RU", "tr-TR", "hi-IN"),
]
CURRENCIES = ["USD", "EUR", "GBP", "JPY", "INR", "CHF", "KWD", "SEK"]
AFTER = ["", " 3 left", " -12%", " List price 9"]


@given(
    locale=st.sampled_from(LOCALES),
    currency=st.sampled_from(CURRENCIES),
    minor=st.integers(0, 10**9),
    after=st.sampled_from(AFTER),
    plain_spaces=st.booleans(),
)
def test_an_amount_is_read_as_it_was_written(locale, currency, minor, after, plain_spaces):
    major = minor / 10 ** minor_digits(currency)
    text = numbers.format_currency(major, currency, locale=locale.replace("-", "_")) + after
    if plain_spaces:  # accessibility trees and innerText may fold them
        text = " ".join(text.split())
    money = Money(locale, currency)
    assert money.read(text) == minor
    assert money.starts(text)
    assert not money.starts("4 pieces")


@pytest.mark.parametrize("text", ["free", "12", "€ 3"])
def test_what_is_no_amount_of_the_shop_s_currency_is_refused(text):
    with pytest.raises(ValueError, match="no price"):
        Money("en-US", "USD").read(text)


def test_counts_stars_and_decimals():
    assert read_count("(12.345 ratings)") == read_count("(12,345 ratings)") == 12345
    assert read_count("(1\u202f204)") == 1204
    assert read_count(None) == 0
    assert read_stars("4,5 out of 5 stars") == read_stars("4.5 out of 5 stars") == 4.5
    assert read_decimal("1299.00", "USD") == 129900
    assert read_decimal("1299", "JPY") == 1299
    assert read_decimal("1.299", "KWD") == 1299
