"""Amounts of money as a shopper reads them; inside they are integer minor units."""

import difflib
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from babel.core import get_global
from babel.numbers import format_currency, get_currency_precision

from aces.errors import UserError
from marketplace.locales import locale

_COMMON = ("USD", "EUR", "GBP", "JPY", "CNY", "INR", "BRL", "CAD", "AUD", "CHF", "SEK", "KWD")


class Parts(NamedTuple):
    """The pieces of an amount; put together they are `amount`.

    Where the symbol does not come first, all of it is in `whole`.
    """

    symbol: str
    whole: str
    fraction: str


@lru_cache(maxsize=64)
def digits(currency: str) -> int:
    """Returns the decimal places of a currency: a minor unit is 10**-digits of the major one.

    Raises:
        UserError: If ISO 4217 has no such currency.
    """
    if currency not in get_global("all_currencies"):
        match = difflib.get_close_matches(currency, _COMMON, n=1)
        hint = f"; did you mean '{match[0]}'?" if match else "."
        raise UserError(
            f"there is no currency '{currency}'{hint} A currency is an ISO 4217 code such as "
            "USD, EUR or JPY"
        )
    return get_currency_precision(currency)


@lru_cache(maxsize=16384)
def amount(minor: int, currency: str, tag: str = "en-US") -> str:
    """Returns an amount for people: `$1,234.50`.

    Args:
        minor: In minor units.
        currency: ISO 4217 code.
        tag: Locale.

    Raises:
        UserError: If there is no such currency or locale.
    """
    with localcontext(prec=len(str(minor)) + 8):  # any amount is exact
        major = Decimal(minor).scaleb(-digits(currency))
        return format_currency(major, currency, locale=locale(tag))


@lru_cache(maxsize=16384)
def parts(minor: int, currency: str, tag: str = "en-US") -> Parts:
    """Returns symbol, whole and fraction of an amount, as in `('$', '1,234', '.50')`."""
    text = amount(minor, currency, tag)
    start = next(i for i, sign in enumerate(text) if sign.isdigit())
    if start == 0 or not text[-1].isdigit():
        return Parts("", text, "")
    places = digits(currency)
    end = len(text) - places - 1 if places else len(text)
    return Parts(text[:start], text[start:end], text[end:])


@lru_cache(maxsize=16384)
def decimal(minor: int, currency: str) -> str:
    """Returns an amount for programs: `1234.50`."""
    places = digits(currency)
    whole, rest = divmod(minor, 10**places)
    return f"{whole}.{rest:0{places}d}" if places else str(whole)


def minor_units(major: Decimal, currency: str) -> int:
    """Returns an amount in minor units, rounded half up."""
    return int(major.scaleb(digits(currency)).quantize(Decimal(1), ROUND_HALF_UP))


@lru_cache(maxsize=4096)
def scaled(minor: int, *factors: float) -> int:
    """Returns an amount times factors as they are written, rounded half up to minor units."""
    product = Fraction(minor)
    for factor in factors:
        product *= Fraction(repr(factor))
    return int(product + Fraction(1, 2))
