"""Numbers and days as people of a locale write them; the shop's words stay English."""

import re
from datetime import date, datetime, timedelta
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

from aces.errors import UserError

_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@lru_cache(maxsize=64)
def locale(name: str) -> Locale:
    """Returns a locale by its BCP 47 tag, such as `en-US` or `zh-Hant-TW`.

    Raises:
        UserError: If there is none of that name.
    """
    try:
        if not _TAG.fullmatch(name):
            raise ValueError(name)
        return Locale.parse(name, sep="-")
    except (UnknownLocaleError, ValueError):
        raise UserError(
            f"the shop can't write for the locale '{name}'. A locale is a tag such as "
            "en-US, en-GB, de-DE, fr-FR or ja-JP"
        ) from None


@lru_cache(maxsize=8192)
def number(value: int, tag: str) -> str:
    """Returns a count: `1,234` in en-US."""
    return format_decimal(value, locale=locale(tag))


@lru_cache(maxsize=512)
def stars(rating: float, tag: str) -> str:
    """Returns a rating to one decimal: `4.5` in en-US."""
    return format_decimal(round(rating, 1), "0.0", locale=locale(tag))


@lru_cache(maxsize=512)
def short_day(day: date, tag: str) -> str:
    """Returns a day soon to come, without its year: `Tue, Jan 20` in en-US."""
    return format_skeleton("MMMEd", day, locale=locale(tag))


@lru_cache(maxsize=4096)
def long_day(iso: str, tag: str) -> str:
    """Returns an ISO 8601 day in full: `January 20, 2026` in en-US."""
    return format_date(date.fromisoformat(iso), "long", locale=locale(tag))


@lru_cache(maxsize=512)
def day_after(clock: str, days: int) -> date:
    """Returns the day so many days after an ISO 8601 time."""
    return (datetime.fromisoformat(clock) + timedelta(days=days)).date()
