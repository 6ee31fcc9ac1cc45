"""A picture with words shares the number of its title, as one without words does."""

from agents.interfaces._things import Thing
from agents.interfaces.numbered import grouped

BOX = (0.0, 0.0, 10.0, 10.0)


def thing(index, name, href="", *, spoken=True, card="/product/a"):
    kind = "link" if href else "button"
    return Thing(index, kind, name, "", href, spoken, True, True, BOX, card)


def names(things):
    return [[each.name for each in group] for group in grouped(things)]


def test_words_in_a_picture_change_no_number():
    def card(*, spoken):
        return [
            thing(0, "Home", "/", card=""),
            thing(1, "picture", "/product/a", spoken=spoken),
            thing(2, "Title", "/product/a"),
            thing(3, "Add to cart"),
            thing(4, "Title", "/product/a", card=""),  # elsewhere on the page
        ]

    silent = [card(spoken=spoken)[:4] for spoken in (False, True)]
    assert names(silent[0]) == names(silent[1])
    assert names(silent[0]) == [["Home"], ["Title", "picture"], ["Add to cart"]]


def test_links_elsewhere_keep_numbers_of_their_own():
    things = [thing(0, "Title", "/product/a"), thing(1, "Also", "/product/a", card="")]
    assert names(things) == [["Title"], ["Also"]]
