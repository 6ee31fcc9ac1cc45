"""What can be acted on in a page, and how it is found by its name."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal

from aces.errors import TrialError

if TYPE_CHECKING:
    from playwright.async_api import ElementHandle, JSHandle, Page

Kind = Literal["link", "button", "field", "menu", "choice", "listing"]

LISTED = 12
"""Names told in an error, at most."""
_NTH = re.compile(r"^(.*\S)\s*\[(\d+)\]$", re.DOTALL)

_FIND = """selector => [...document.querySelectorAll(selector)]"""
ALL = (
    "a[href], button:enabled, input:not([type=hidden]):enabled, select:enabled, "
    "textarea:enabled, summary"
)
LISTINGS = "article.listing"

# names as a screen reader says them, but for their spaces; boxes in CSS pixels of the page
_DESCRIBE = """things => {
    const spoken = node => {
        if (node.nodeType === Node.TEXT_NODE) return node.data;
        if (node.nodeType !== Node.ELEMENT_NODE) return '';
        if (node.ariaHidden === 'true' || node.hidden) return '';
        return node.localName === 'img' ? ' ' + node.alt + ' '
            : node.ariaLabel || [...node.childNodes].map(spoken).join('');
    };
    const label = element => [...element.labels ?? []].map(each =>
        [...each.childNodes].filter(node => !node.contains(element)).map(spoken).join('')).join('');
    const name = element => element.ariaLabel || label(element)
        || [...element.childNodes].map(spoken).join('') || element.placeholder || '';
    const kind = element => ({
        a: 'link', button: 'button', summary: 'button', select: 'menu', article: 'listing',
    })[element.localName]
        ?? (['radio', 'checkbox'].includes(element.type) ? 'choice' : 'field');
    const cut = (box, edge) => new DOMRect(
        Math.max(box.left, edge.left), Math.max(box.top, edge.top),
        Math.min(box.right, edge.right) - Math.max(box.left, edge.left),
        Math.min(box.bottom, edge.bottom) - Math.max(box.top, edge.top));
    const clipped = element => {
        let box = element.getBoundingClientRect();
        for (let outer = element.parentElement; outer; outer = outer.parentElement)
            if (outer !== document.body && getComputedStyle(outer).overflow !== 'visible')
                box = cut(box, outer.getBoundingClientRect());
        return box;
    };
    return things.map(element => {
        const drawn = ['radio', 'checkbox'].includes(element.type) && element.labels[0] || element;
        const box = clipped(drawn);
        const {left, right, top, bottom} = cut(box, new DOMRect(0, 0, innerWidth, innerHeight));
        const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
        return {
            kind: kind(element),
            name: name(element).replace(/\\s+/g, ' ').trim(),
            field: element.name ?? '',
            href: element.getAttribute('href') ?? '',
            spoken: !element.closest('[aria-hidden=true]'),
            shown: drawn.checkVisibility({visibilityProperty: true})
                && box.width > 0 && box.height > 0 && box.right + scrollX > 0
                && box.bottom + scrollY > 0,
            open: right - left >= 4 && bottom - top >= 4 && !!hit
                && (drawn.contains(hit) || hit.contains(drawn)),
            box: [box.x + scrollX, box.y + scrollY, box.width, box.height],
            card: element.closest('article.listing')?.querySelector('.title a')
                ?.getAttribute('href') ?? '',
        };
    });
}"""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something to click or to type into.

    Attributes:
        kind: What it is.
        name: As a screen reader says it.
        field: The name of its value, in a form.
        href: Where a link leads.
        spoken: Whether a screen reader tells of it.
        shown: Whether it is drawn anywhere in the page.
        open: Whether it lies in the window with nothing over it.
        box: x, y, width, height in CSS pixels of the page.
        card: Link of the listing on whose card it stands.
    """

    index: int
    kind: Kind
    name: str
    field: str
    href: str
    spoken: bool
    shown: bool
    open: bool
    box: tuple[float, float, float, float]
    card: str

    def told(self) -> str:
        """Returns what it is, for an error."""
        return f"{self.kind} to {self.href}" if self.href else self.kind


class Things:
    """Everything in a page that can be acted on, in the page's order."""

    def __init__(self, all_: Sequence[Thing], handle: "JSHandle") -> None:
        self.all = all_
        self._handle = handle

    @classmethod
    async def of(cls, page: "Page", selector: str = ALL) -> "Things":
        """Returns those of a page as it stands."""
        handle = await page.evaluate_handle(_FIND, selector)
        found: list[dict[str, Any]] = await handle.evaluate(_DESCRIBE)
        things = [Thing(i, **{**each, "box": tuple(each["box"])}) for i, each in enumerate(found)]
        return cls(things, handle)

    async def element(self, thing: Thing) -> "ElementHandle":
        """Returns the element itself."""
        element = (await self._handle.get_property(str(thing.index))).as_element()
        if element is None:
            raise TrialError("browser", f"'{thing.name}' is gone from the page")
        return element

    async def forget(self) -> None:
        """Lets go of the elements; those already taken out stay."""
        await self._handle.dispose()


def called(things: Sequence[Thing], target: str) -> Thing | str:
    """Returns what is meant by a name, or why that can't be told.

    The whole name is looked for first, then how it begins, then any part of it; neither case nor
    spaces count. A link may also be named by where it leads. Of several with the same name
    `name [2]` is the second.
    """
    shown = [each for each in things if each.shown and (each.spoken or each.href == target)]
    found = _matching(shown, target)
    if len(found) == 1:
        return found[0]
    if not found:
        nth = _NTH.match(target)
        same = _matching(shown, nth[1]) if nth else []
        if nth and 1 <= int(nth[2]) <= len(same):
            return same[int(nth[2]) - 1]
        return f"nothing on this page is called '{target}'{_closest(shown, target)}"
    names = [each.name for each in found]
    if len({_plain(name) for name in names}) < len(names):
        names = [f"{target} [{i}]' ({each.told()})" for i, each in enumerate(found, start=1)]
    else:
        names = [f"{name}'" for name in names]
    rest = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    listed = ", ".join(f"'{name}" for name in names[:LISTED])
    return f"'{target}' could be {len(names)} things: {listed}{rest}; name one of them"


def field_called(things: Sequence[Thing], target: str) -> Thing | str:
    """Returns the field or menu with this name or label, or why that can't be told."""
    fields = [each for each in things if each.kind in ("field", "menu") and each.shown]
    named = [each for each in fields if each.field == target]
    found = named[0] if named else called(fields, target)
    if isinstance(found, str) and found.startswith("nothing"):
        return f"there is no field '{target}' on this page"
    return found


def _matching(things: Sequence[Thing], target: str) -> list[Thing]:
    """The best matches, each destination once."""
    wanted = _plain(target)
    tests: list[Callable[[Thing], bool]] = [
        lambda each: each.href == target,
        lambda each: _plain(each.name) == wanted,
        lambda each: _plain(each.name).startswith(wanted),
        lambda each: wanted in _plain(each.name),
    ]
    for test in tests if wanted else ():
        found = [each for each in things if test(each)]
        if found:
            return list({each.href or each.index: each for each in reversed(found)}.values())[::-1]
    return []


def _closest(things: Sequence[Thing], target: str) -> str:
    names = dict.fromkeys(each.name for each in things if each.name)
    close = get_close_matches(target, names, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(repr(name) for name in close)}?" if close else ""


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()
