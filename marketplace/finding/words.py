"""What a text says to a search: folded words, and the terms they are found by."""

import re
import unicodedata
from functools import lru_cache

# Scripts whose vowel signs are no letters to `re`: they stay inside their word.
_SIGNS = (
    "\u0610-\u061a\u064b-\u0670\u0900-\u0963\u0966-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17d3"
)
_LETTER = rf"(?:[^\W_]|[{_SIGNS}])"
_WORD = re.compile(rf"{_LETTER}+(?:(?:[-'.]|(?<=\d),(?=\d\d\d(?!\d))){_LETTER}+)*")
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:(?:[-'.]|(?<=\d),(?=\d\d\d(?!\d)))[a-z0-9]+)*")
# Scripts written without spaces, Korean too, whose words carry endings.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17d3\u1100-\u11ff\u3005-\u3007\u3040-\u30ff\u3130-\u318f"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_JOINT = re.compile(r"[-']|(?<!\d)\.|\.(?!\d)")
# Accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic: shoppers leave them out.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05bd\u064b-\u0652\u0640\u00ad\u200b-\u200f]")
_ALIKE = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
    | {"’": "'", "™": "", "℠": ""}
)
_METRIC = tuple("mm cm m km mg g kg ml cl v kw wh mah mb gb tb hz khz mhz ghz".split())  # noqa: SIM905
_UNITS = {
    **dict.fromkeys(("ft", "foot", "feet"), "ft"),
    **dict.fromkeys(("in", "inch", "inches"), "in"),
    **dict.fromkeys(("oz", "ounce", "ounces"), "oz"),
    **dict.fromkeys(("lb", "lbs", "pound", "pounds"), "lb"),
    **dict.fromkeys(("l", "liter", "liters", "litre", "litres"), "l"),
    **dict.fromkeys(("w", "watt", "watts"), "w"),
    **{unit: unit for unit in _METRIC},
}
_MEASURE = re.compile(rf"(\d)[ -]?({'|'.join(sorted(_UNITS, key=len, reverse=True))})(?![^\W_])")

Word = tuple[tuple[str, ...], ...]
"""The ways a word of a query may stand in a text, each needing all of its terms."""

_SMALL = """a an and any are at be best buy by can for from get good have i in is it looking me my
need of on one or please show some than that the this to under want which with you your"""
SMALL_WORDS = frozenset(_SMALL.split())
"""Words that tell no product from another; a query that has others is searched without them."""


def fold(text: str) -> str:
    """Returns a text without what shoppers don't type alike: case, accents, widths."""
    folded = text.lower() if text.isascii() else _fold_unicode(text)
    return _MEASURE.sub(_measure, folded)


def words(text: str) -> list[str]:
    """Returns the words of a folded text, compounds such as `usb-c` in one."""
    return (_ASCII_WORD if text.isascii() else _WORD).findall(text)


def telling(words: list[str]) -> list[str]:
    """Returns the words of a query by which it is searched."""
    return [word for word in words if word not in SMALL_WORDS] or words


@lru_cache(maxsize=4096)
def spellings(word: str) -> Word:
    """Returns the ways a word of a query may stand in a text; each needs all of its terms.

    `usb-c` is found as `usb` and `c`, and as `usbc`; a run of Chinese by its pairs of characters.
    """
    bare = word.removesuffix("'s").replace(",", "")
    parts = [part for part in _JOINT.split(bare) if part]
    apart = tuple(dict.fromkeys(term for part in parts for term in _terms(part)))
    together = stem("".join(parts))
    return (apart, (together,)) if len(parts) > 1 else (apart,)


def terms(word: str) -> tuple[str, ...]:
    """Returns the terms by which a word of a text is found."""
    found = [term for spelling in spellings(word) for term in spelling]
    if not word.isascii():  # so that a single character is found inside of longer words
        found += [letter for run in _UNSPACED.findall(word) if len(run) > 1 for letter in run]
    return tuple(found)


def stem(word: str) -> str:
    """Returns an English word without its plural's ending; other words as they are."""
    if len(word) < 4 or not word.endswith("s") or not word.isascii() or not word.isalpha():
        return word
    if word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("ches", "shes", "sses", "xes", "zzes")) else word[:-1]


def _fold_unicode(text: str) -> str:
    alike = text.casefold().translate(_ALIKE)
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", alike))
    return unicodedata.normalize("NFC", bare).casefold()


def _measure(match: re.Match[str]) -> str:
    return match[1] + _UNITS[match[2]]


def _terms(part: str) -> list[str]:
    """Terms of one part of a word: its stem, or pairs of characters where there are no spaces."""
    found, at = [], 0
    for run in _UNSPACED.finditer(part):
        found += [stem(part[at : run.start()])] if run.start() > at else []
        found += _pairs(run[0])
        at = run.end()
    return found + ([stem(part[at:])] if at < len(part) else [])


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]
