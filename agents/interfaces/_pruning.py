"""Markup without what only draws."""

from typing import Any

KEPT = frozenset(
    {
        *("href", "alt", "role", "name", "type", "value", "for", "id", "placeholder", "label"),
        *("action", "method", "checked", "selected", "disabled", "required", "lang"),
        *("colspan", "rowspan", "scope", "open", "start"),
    }
)
"""Attributes that say something; so do all that begin with `aria-`."""
DROPPED = "script, style, svg, template, link, input[type=hidden]"
PHRASES = frozenset({"span", "b", "i", "em", "strong", "small", "q", "s", "sup", "sub", "u"})


def prune(markup: str) -> str:
    """Returns the markup of a page's parts without what only draws."""
    import lxml.html

    root = pruned(markup)
    return "\n".join(lxml.html.tostring(part, encoding="unicode", with_tail=False) for part in root)


def pruned(markup: str) -> Any:  # noqa: ANN401
    """Returns a tree whose children are the parts; pruning twice is pruning once."""
    import lxml.html

    root = lxml.html.fragment_fromstring(markup, create_parent="div")
    for each in root.cssselect(DROPPED):
        each.drop_tree()
    for each in root.iter("*"):
        _drop_attributes(each)
    for each in [*root.iter("img")]:
        if not each.get("alt"):
            each.drop_tree()
    for each in [*root.iter("span")]:
        if each.getparent().tag in PHRASES and not each.attrib:
            each.drop_tag()
    # what is left empty, from the innermost out
    for each in reversed([*root.iter("div", "span", "a", "p")]):
        _drop_empty(each)
    _close_gaps(root)
    return root


def _drop_attributes(element: Any) -> None:  # noqa: ANN401
    for name in element.attrib:
        if name not in KEPT and not name.startswith("aria-"):
            del element.attrib[name]


def _drop_empty(element: Any) -> None:  # noqa: ANN401
    """Drops an element that says nothing; a box without attributes around one thing opens."""
    kinds = {"role", "id", "aria-label"} & set(element.attrib)
    if not len(element) and not (element.text or "").strip() and not kinds:
        element.drop_tree()
    elif element.tag == "div" and not element.attrib and element.getparent() is not None:
        element.drop_tag()


def _close_gaps(root: Any) -> None:  # noqa: ANN401
    """Runs of white space become one space, or one end of line where they held one."""
    for each in root.iter("*"):
        each.text, each.tail = _closed(each.text), _closed(each.tail)


def _closed(text: str | None) -> str | None:
    if not text:
        return text
    if not text.strip():
        return "\n" if "\n" in text else " "
    start = text[:1] if text[:1].isspace() else ""
    end = text[-1:] if text[-1:].isspace() else ""
    return f"{start}{' '.join(text.split())}{end}"
