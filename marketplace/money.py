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
    style = _style(currency)
    whole, rest = divmod(minor, 10**style.digits)
    return style.symbol, f"{whole:,}", f".{rest:0{style.digits}d}" if style.digits else ""


def amount(minor: int, currency: str) -> str:
    """Returns an amount for people: `$1,234.50`."""
    return "".join(parts(minor, currency))


def decimal(minor: int, currency: str) -> str:
    """Returns an amount for programs: `1234.50`."""
    return "".join(parts(minor, currency)[1:]).replace(",", "")


def _style(currency: str) -> Currency:
    try:
        return CURRENCIES[currency]
    except KeyError:
        raise UserError(
            f"the shop can't write prices in '{currency}'{nearest(currency, CURRENCIES)}"
        ) from None
