"""Single values of other people's catalogues: money, ratings, counts, texts and ids.

Each function returns the value as a catalogue has it, tells what it had to change, and raises
`UnusableError` where nothing can be made of it.
"""

import hashlib
import html
import math
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from aces.catalog_builder import UnusableError

Tell = Callable[[str], None]
"""Takes what was changed about a value that is kept."""

LONGEST_LINE, LONGEST_TEXT = 500, 20_000
MOST = 10**9
"""Prices in minor units and counts above this are taken for mistakes."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_CODE = re.compile(r"[A-Z]{3}")
_MONEY = re.compile(
    r"(?P<before>[A-Za-z]{3}|[A-Z]{0,3}[$€£¥₩])?\s*(?P<number>-?\d[\d.,'\u2019\s]*)\s*"
    r"(?P<after>[A-Za-z]{3}|[$€£¥₩])?"
)
_SYMBOLS = {"€": "EUR", "£": "GBP", "₩": "KRW", "US$": "USD", "C$": "CAD", "A$": "AUD"}
"""Symbols of one currency alone; `$` and `¥` stand for several."""
_RATING = re.compile(r"(-?\d+(?:[.,]\d+)?)\s*(%|stars?|(?:out of|of|/)\s*(\d+(?:\.\d+)?))?", re.I)
_TAGS = (
    "a|abbr|address|area|article|aside|audio|b|base|blockquote|body|br|button|canvas|caption|"
    "center|cite|code|col|dd|del|details|div|dl|dt|em|embed|fieldset|figure|font|footer|form|"
    "frame|frameset|h1|h2|h3|h4|h5|h6|head|header|hr|html|i|iframe|img|input|ins|kbd|label|li|"
    "link|main|map|mark|marquee|math|meta|nav|noscript|object|ol|option|p|param|picture|pre|q|s|"
    "script|section|select|small|source|span|strike|strong|style|sub|summary|sup|svg|table|tbody|"
    "td|template|textarea|tfoot|th|thead|title|tr|track|tt|u|ul|var|video|wbr"
)
_TAG = re.compile(rf"<[/!]?(?:{_TAGS}|--|doctype)(?=[\s/>]|$)[^>]*(?:>|$)", re.I)
_HARMFUL = re.compile(
    r"<(script|style|template|noscript|iframe|object|svg|math|title|textarea)\b.*?"
    r"(?:</\1\s*>|$)|<!--.*?(?:-->|$)",
    re.I | re.S,
)
_BREAK = re.compile(r"<(?:br|/?p|/?div|/?li|/?h[1-6]|/?tr|/?ul|/?ol|hr)\b[^>]*>", re.I)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.I)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LONE = re.compile(r"[\ud800-\udfff]")


def missing(found: object) -> bool:
    """Returns whether a cell says nothing: empty, or what tables write for nothing."""
    if isinstance(found, float | Decimal) and math.isnan(found):
        return True
    return found is None or str(found).strip().lower() in ("", "nan", "none", "null", "n/a", "—")


def money(found: object) -> tuple[Decimal, str]:
    """Returns an amount in major units and its currency's code, empty where none is said.

    Thousands may be separated and decimals written with a comma, where only one reading is
    possible: `1.299,00`, `1 299,00` and `12,50` are read, `1,299` is 1299, `1.299` is 1.299.
    """
    if isinstance(found, bool):
        raise UnusableError("is not a price such as 19.99; row left out")
    text = "" if missing(found) else str(found).strip()
    if not text:
        raise UnusableError("is missing; row left out")
    match = _MONEY.fullmatch(text)
    number = None if match is None else _number(match["number"])
    if match is None or number is None:
        raise UnusableError("is not a price such as 19.99; row left out")
    if number < 0:
        raise UnusableError("is negative; row left out")
    codes = {_currency(match[side]) for side in ("before", "after") if match[side]} - {""}
    if len(codes) > 1:
        raise UnusableError("names two currencies; row left out")
    return number, next(iter(codes), "")


def minor(amount: Decimal, digits: int) -> Decimal:
    """Returns an amount of money checked for sense, still in major units."""
    if amount > MOST:
        raise UnusableError("is absurdly high; row left out")
    exact = round(amount, digits)
    if abs(amount - exact) > Decimal("1e-6"):  # what floats add is no fault
        raise UnusableError(f"has more than {digits} decimals; row left out")
    if exact == 0:
        raise UnusableError("is no price; row left out")
    if exact.scaleb(digits) > MOST:
        raise UnusableError("is absurdly high; row left out")
    return exact


def stars(found: object, scale: float, tell: Tell) -> float | None:
    """Returns a rating out of 5.

    Args:
        found: A number, or text such as `4.5`, `87%` or `9 out of 10`.
        scale: What a bare number counts up to.
        tell: Told where the text itself names another scale.
    """
    if missing(found):
        return None
    match = _RATING.fullmatch(str(found).strip())
    if match is None:
        raise UnusableError("is not a rating; shown without one", None)
    value, best = Decimal(match[1].replace(",", ".")), Decimal(str(scale))
    if match[3] or match[2] == "%":
        named = Decimal(match[3] or 100)
        if named != best:
            tell(f"is out of {named}; taken as stars out of 5")
        best = named
    if best <= 0 or not 0 <= value <= best:
        raise UnusableError(f"is not between 0 and {best}; shown without a rating", None)
    return round(float(value * 5 / best), 2)


def count(found: object, instead: int, tell: Tell) -> object:
    """Returns a count where floats and negative numbers are understood; the rest as it was."""
    if missing(found):
        return ""
    text = str(found).strip().replace(",", "")
    try:
        value = Decimal(text)
    except InvalidOperation:
        return found
    if not value.is_finite() or value != int(value):
        return found
    if value < 0:
        tell("is negative; taken as 0")
        return 0
    if value > MOST:
        raise UnusableError(f"is absurdly high; taken as {instead}", instead)
    return int(value)


def line(found: object, tell: Tell, markup: bool = False) -> str:
    """Returns a text on one line, without markup; `markup` says that it is meant to have some."""
    text = re.sub(r"\s+", " ", _plain(found, tell, markup)).strip()
    return _cut(text, LONGEST_LINE, tell)


def paragraphs(found: object, tell: Tell, markup: bool = False) -> str:
    """Returns a text of several lines, without markup."""
    lines = (
        re.sub(r"[^\S\n]+", " ", each).strip() for each in _plain(found, tell, markup).split("\n")
    )
    return _cut(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip(), LONGEST_TEXT, tell)


def product_id(found: object) -> str:
    """Returns an id that a catalogue can hold: the source's own, or made from it."""
    text = "" if missing(found) or isinstance(found, dict | list) else str(found).strip()
    if not text or _ID.fullmatch(text):
        return text
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")[:60]
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:10]
    return f"{readable}-{digest}".lstrip("-")


def slug(text: str) -> str:
    """Returns a category's name as tasks write it: `Home & Garden` becomes `home_garden`."""
    return re.sub(r"[\W_]+", "_", text.lower()).strip("_")[:80]


def _number(text: str) -> Decimal | None:
    """A number whose separators can only be read one way, or as English reads them."""
    text = re.sub(r"[\s'\u2019]", "", text)
    comma, dot = text.rfind(","), text.rfind(".")
    if comma > dot >= 0 or (comma >= 0 > dot and not re.fullmatch(r"-?\d{1,3}(,\d{3})+", text)):
        text = text.replace(".", "\0").replace(",", ".").replace("\0", ",")
    if text.count(".") > 1 and "," not in text:
        text = text.replace(".", ",")
    if not re.fullmatch(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?", text):
        return None
    return Decimal(text.replace(",", ""))


def _currency(text: str) -> str:
    code = text.upper()
    return code if _CODE.fullmatch(code) else _SYMBOLS.get(text, "")


def _plain(found: object, tell: Tell, markup: bool) -> str:
    if isinstance(found, dict | list):
        tell("is no text; left away")
        return ""
    text = "" if missing(found) else str(found)
    if _LONE.search(text) or "\ufffd" in text:
        text = _LONE.sub("\ufffd", text)
        tell("holds bytes that are no text in this encoding; shown as \ufffd")
    text = _without_markup(text.replace("\r\n", "\n").replace("\r", "\n"), tell, markup)
    if _CONTROL.search(text):
        text = _CONTROL.sub("", text)
        tell("holds control characters; left away")
    return text


def _without_markup(text: str, tell: Tell, markup: bool) -> str:
    """The text that markup shows; once decoded it is looked at again, so that none survives."""
    dropped = changed = False
    for _ in range(5):
        before = text
        text, scripts = _HARMFUL.subn(" ", text)
        dropped = dropped or scripts > 0
        text = _TAG.sub("", _BREAK.sub("\n", text))
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
        changed = changed or text != before
        if text == before:
            break
    else:
        text = text.replace("<", "").replace(">", "")
    if dropped:
        tell("holds scripts, styles or embedded content; left away")
    elif changed and not markup:
        tell("holds HTML; its text is kept")
    return text


def _cut(text: str, longest: int, tell: Tell) -> str:
    if len(text) <= longest:
        return text
    tell(f"has {len(text)} characters; cut to {longest}")
    return text[: longest - 1].rstrip() + "…"
