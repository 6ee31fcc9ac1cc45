"""Amounts of money as a shopper reads them; inside they are integer minor units."""

from dataclasses import dataclass

from aces.errors import UserError, nearest


@dataclass(frozen=True, slots=True)
class Currency:
    """How amounts of one currency are written.

    Args:
        symbol: Stands before the amount.
        digits: Decimal places: minor units are 10**-digits of the major one.
    """

    symbol: str
    digits: int = 2


CURRENCIES = {"USD": Currency("$")}


def parts(minor: int, currency: str) -> tuple[str, str, str]:
    """Returns symbol, whole and fraction of an amount, as in `('$', '1,234', '.50')`.

    Raises:
        UserError: If the currency is not in the table.
    """
    whole, fraction = _split(minor, currency)
    return CURRENCIES[currency].symbol, f"{whole:,}", fraction


def amount(minor: int, currency: str) -> str:
    """Returns an amount for people: `$1,234.50`."""
    return "".join(parts(minor, currency))


def decimal(minor: int, currency: str) -> str:
    """Returns an amount for programs: `1234.50`."""
    whole, fraction = _split(minor, currency)
    return f"{whole}{fraction}"


def _split(minor: int, currency: str) -> tuple[int, str]:
    """Major units, and the minor ones as they are written."""
    if currency not in CURRENCIES:
        raise UserError(f"the shop can't write '{currency}'{nearest(currency, CURRENCIES)}")
    digits = CURRENCIES[currency].digits
    whole, rest = divmod(minor, 10**digits)
    return whole, f".{rest:0{digits}d}" if digits else ""
