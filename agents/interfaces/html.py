"""The page as HTML."""

from collections.abc import Sequence
from typing import Any

from aces.types import PerceivedListing
from agents.browser import Tab
from agents.interfaces import PageConfig
from agents.interfaces._page import PageInterface
from agents.interfaces._pruning import prune, pruned
from agents.interfaces._reading import Money, read_fee, read_listing

_MARKUP = """parts => [...document.querySelectorAll(parts)]
    .map(part => part.outerHTML).join('\\n') || document.body.outerHTML"""

# what is drawn, with what has been typed and ticked, copied to a page that loads nothing
_DRAWN = """selector => {
    const inert = document.implementation.createHTMLDocument('');
    const copy = part => {
        const twin = inert.importNode(part, true), twins = twin.querySelectorAll('*'), unseen = [];
        [...part.querySelectorAll('*')].forEach((element, i) => {
            if (element.matches('option')) twins[i].toggleAttribute('selected', element.selected);
            else if (!element.checkVisibility({visibilityProperty: true})) unseen.push(twins[i]);
            else if (element.matches('[type=radio], [type=checkbox]'))
                twins[i].toggleAttribute('checked', element.checked);
            else if (element.matches('input')) twins[i].setAttribute('value', element.value);
        });
        for (const each of unseen) each.remove();
        return twin.outerHTML;
    };
    const parts = [...document.querySelectorAll(selector)];
    return (parts.length ? parts : [document.body]).map(copy).join('\\n');
}"""


class HtmlInterface(PageInterface):
    """The markup of the page, as the browser holds it.

    In one decision that of the page's main part, in the full loop also that of its header.
    """

    class Config(PageConfig):
        """Parameters."""

        pruned: bool = True
        """Without what only draws, and without what is not drawn; with what has been typed.

        Classes, styles and pictures without words go; text, structure, names, labels and where
        links lead stay. Otherwise the markup as the browser holds it.
        """
        head: bool = False
        """Also the page's head, with what it tells machines: JSON-LD, Open Graph."""

    config: Config

    async def represent(self, tab: Tab) -> dict[str, Any]:
        """Returns the markup."""
        parts = ", ".join(self.parts)
        if self.config.pruned:
            text = prune(await tab.page.evaluate(_DRAWN, parts))
        else:
            text = await tab.page.evaluate(_MARKUP, parts)
        if self.config.head:
            text = f"{await tab.page.evaluate('document.head.outerHTML')}\n{text}"
        return {"text": text}

    async def read(self, tab: Tab, seen: dict[str, Any], money: Money) -> list[PerceivedListing]:
        """Returns the listings in the markup, whether pruned or not."""
        cards = pruned(seen["text"]).cssselect("article")
        return [
            self._listing(position, card, money) for position, card in enumerate(cards, start=1)
        ]

    async def texts(self, tab: Tab, seen: dict[str, Any]) -> list[str]:
        """Returns the texts in the markup."""
        import lxml.html

        shown = lxml.html.fragment_fromstring(seen["text"], create_parent="div")
        for each in shown.cssselect("head, script, style, [hidden]"):
            each.drop_tree()
        return [text for each in shown.itertext() if (text := each.strip())]

    def _listing(self, position: int, card: Any, money: Money) -> PerceivedListing:  # noqa: ANN401
        link = card.cssselect("h2 a")[0]
        texts = _texts(card, besides=link)
        after = _texts(card, besides=link, after=link)
        struck = card.cssselect("s")
        stars = card.cssselect("[role=img][aria-label]")
        return read_listing(
            position,
            self.shop.legend,
            money,
            url=link.get("href"),
            title=link.text_content(),
            price=next(text for text in after if money.starts(text)),
            list_price=struck[0].text_content() if struck else None,
            fee=read_fee(after),
            stars=stars[0].get("aria-label") if stars else None,
            count=next((text for text in after if text.startswith("(")), None),
            marks=[*texts, *(image.get("alt") for image in card.cssselect("img[alt]"))],
        )


def _texts(card: Any, besides: Any, after: Any = None) -> Sequence[str]:  # noqa: ANN401
    """The texts of a card, one per innermost element, but for those of buttons and `besides`."""
    found, open_ = [], after is None
    for each in card.iter():
        open_ = open_ or each is after
        if open_ and each is not besides and each.tag != "button" and (each.text or "").strip():
            found.append(" ".join(each.text.split()))
    return found
