"""Clicking and typing with a real mouse and keyboard, and waiting for what that leads to."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.async_api import ElementHandle, Page

# Whether pressing an element leads to another page: the shop has no scripts, so nothing but links
# and the buttons of complete forms does. `wrong` says what a form still lacks.
_AHEAD = """element => {
    const link = element.closest('a[href]');
    if (link) {
        const [to, here] = [new URL(link.href), new URL(location)];
        const within = to.hash && to.pathname + to.search === here.pathname + here.search;
        return {leads: !within, wrong: ''};
    }
    const button = element.closest('button');
    const form = button && button.type === 'submit' && button.form;
    if (!form) return {leads: false, wrong: ''};
    const lacks = [...form.elements].find(each => each.willValidate && !each.checkValidity());
    return {leads: !lacks, wrong: lacks?.validationMessage ?? ''};
}"""

# brings an element into view and returns where a mouse would hit it; a box to tick or a circle
# may be drawn by its label alone
_AIM = """element => {
    const ticked = ['radio', 'checkbox'].includes(element.type);
    const drawn = ticked && element.labels[0]
        || element.matches('article') && element.querySelector('.title a') || element;
    const at = block => {
        drawn.scrollIntoView({block, behavior: 'instant'});
        const box = drawn.getClientRects()[0];
        if (!box) return null;
        const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
        const hit = document.elementFromPoint(x, y);
        return {x, y, covered: !hit || !(drawn.contains(hit) || hit.contains(drawn))};
    };
    const near = at('nearest');
    const aim = near?.covered ? at('center') : near;
    return aim && {...aim, ...(AHEAD)(drawn),
        options: element.localName === 'select' ? [...element.options].map(o => o.label) : []};
}""".replace("AHEAD", _AHEAD)

# a point of the window or, with `whole`, of the page, which is scrolled there first
_POINT = """([x, y, whole]) => {
    const page = document.documentElement;
    const [width, height] = whole
        ? [page.scrollWidth, page.scrollHeight] : [page.clientWidth, innerHeight];
    if (!(x >= 0 && y >= 0 && x < width && y < height)) return {size: [width, height]};
    if (whole) {
        const [left, top] = [x - scrollX, y - scrollY];
        if (left < 0 || top < 0 || left >= page.clientWidth || top >= innerHeight)
            scrollTo({left: x - innerWidth / 2, top: y - innerHeight / 2, behavior: 'instant'});
        [x, y] = [x - scrollX, y - scrollY];
    }
    const hit = document.elementFromPoint(x, y);
    return {x, y, ...(AHEAD)(hit),
        options: hit.localName === 'select' ? [...hit.options].map(o => o.label) : []};
}""".replace("AHEAD", _AHEAD)

_FOCUSED = """() => {
    const element = document.activeElement;
    return element?.matches('input:not([type=radio], [type=checkbox]), textarea, select')
        ? element : null;
}"""

_FIELD = """element => ({
    kind: element.localName === 'select' ? 'menu'
        : element.matches('input:not([type=radio], [type=checkbox]), textarea') ? 'field' : '',
    options: [...element.options ?? []].map(option => option.label),
    lacks: [...element.form?.elements ?? []]
        .find(each => each.willValidate && !each.checkValidity())?.validationMessage ?? '',
    sent: !!element.form,
})"""


async def press(page: "Page", element: "ElementHandle") -> str | None:
    """Clicks an element; returns why that was not possible, or None."""
    aim = await element.evaluate(_AIM)
    if aim is None:
        return "what was to be clicked is not shown"
    if aim["covered"]:
        return "something else lies over what was to be clicked"
    return await _press(page, aim)


async def press_at(page: "Page", x: float, y: float, *, whole: bool) -> str | None:
    """Clicks a point of the picture.

    Args:
        page: The page.
        x: CSS pixels from the picture's left.
        y: CSS pixels from its top.
        whole: Whether the picture shows all of the page, and not just the window.
    """
    aim = await page.evaluate(_POINT, [x, y, whole])
    if "size" in aim:
        width, height = aim["size"]
        return f"({x:g}, {y:g}) lies outside the picture of {width} x {height} CSS pixels"
    return await _press(page, aim)


async def _press(page: "Page", aim: dict[str, Any]) -> str | None:
    """Clicks, and waits for the page that this leads to."""
    if aim["options"]:
        return f"this is a menu: type one of its options into it: {_listed(aim['options'])}"
    if not aim["leads"]:
        await page.mouse.click(aim["x"], aim["y"])
        return aim["wrong"] or None
    # a locator's click would wait for frames in which nothing moves
    async with page.expect_navigation(wait_until="domcontentloaded"):
        await page.mouse.click(aim["x"], aim["y"])
    return None


async def focused(page: "Page") -> "ElementHandle | None":
    """Returns the field that was clicked last, if any."""
    return (await page.evaluate_handle(_FOCUSED)).as_element()


async def enter(page: "Page", field: "ElementHandle", text: str, *, submit: bool) -> str | None:
    """Replaces what a field holds, or chooses an option of a menu; returns why not, or None.

    A menu is never submitted by choosing: its form has a button for that.
    """
    about = await field.evaluate(_FIELD)
    if about["kind"] == "menu":
        return await _choose(field, text, about["options"])
    if not about["kind"]:
        return "text can't be typed there"
    await field.fill(text)
    if not submit or not about["sent"]:
        return None
    lacks = (await field.evaluate(_FIELD))["lacks"]
    if lacks:
        return str(lacks)
    async with page.expect_navigation(wait_until="load"):
        await field.press("Enter")
    return None


async def _choose(menu: "ElementHandle", text: str, options: list[str]) -> str | None:
    wanted = " ".join(text.split()).casefold()
    found = [each for each in options if " ".join(each.split()).casefold() == wanted]
    if not found:
        return f"the menu has no option '{text}'; it has {_listed(options)}"
    await menu.select_option(label=found[0])
    return None


def _listed(options: list[str]) -> str:
    return ", ".join(f"'{option}'" for option in options)
