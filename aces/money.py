"""How many decimals a currency has: everything else about money is the shop's."""

from functools import cache


@cache
def minor_digits(currency: str) -> int:
    """Returns how many decimals a price in major units has: 2 in dollars, 0 in yen."""
    from babel.numbers import get_currency_precision

    return get_currency_precision(currency)
