"""What a buyer perceives and what it may do."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from aces.types.record import Record


class PerceivedListing(Record):
    """One alternative as read from the rendered page or the API's answer."""

    product_id: str
    title: str
    currency: str = "USD"
    price_cents: int
    list_price_cents: int | None = None
    fee_cents: int = 0
    """A fee on top of the price, as told beside it."""
    rating: float | None = None
    review_count: int = 0
    marks: Mapping[str, int | str] = {}
    """Kind of mark -> its value, 1 where it carries none."""
    position: int
    row: int
    col: int
    box: tuple[float, float, float, float] | None = None
    """x, y, width, height in CSS pixels from the page's corner; None where nothing is drawn."""
    exposed: bool = True
    """Whether it lay wholly inside the viewport when observed."""
    number: int | None = None
    """The number drawn over it, where the interface numbers what can be acted on."""


Mode = Literal["one_decision", "browse"]
"""`one_decision`: one page, one purchase; `browse`: from page to page until an order."""

Pointing = Literal["point", "number", "name"]
"""How a buyer says what it means: a point of the picture, a drawn number, or its name."""


Page = Literal[
    "home",
    "results",
    "product",
    "compare",
    "seller",
    "cart",
    "checkout",
    "order",
    "orders",
    "other",
]


class Observation(Record):
    """What a buyer is given at one step."""

    step: int
    page: Page
    instruction: str = ""
    text: str | None = None
    """The page as text: accessibility tree, HTML or JSON, by interface."""
    screenshot: bytes | None = None
    image_type: str = "image/png"
    scale: float = 1.0
    """Pixels of the screenshot per CSS pixel."""
    mode: Mode = "one_decision"
    pointing: Pointing = "name"
    listings: tuple[PerceivedListing, ...] = ()
    """The shelf as parsed; planted buyers choose from it, models never get it."""
    total_cents: int | None = None
    """What is to be paid, as cart or checkout say; for planted buyers too."""
    error: str | None = None
    """Why the last action could not be carried out."""


class Click(Record):
    """Click what is named `target`, what carries `number`, or the point (x, y) of the picture.

    x and y are in CSS pixels, from the picture's upper left corner.
    """

    type: Literal["click"] = "click"
    target: str | None = None
    number: int | None = None
    x: float | None = None
    y: float | None = None


class Type(Record):
    """Type `text` into a field, by name or number (default: the search box), and submit it."""

    type: Literal["type"] = "type"
    text: str
    target: str | None = None
    number: int | None = None
    submit: bool = True


class Scroll(Record):
    """Scroll by `pixels` down (negative: up)."""

    type: Literal["scroll"] = "scroll"
    pixels: int = 600


class Back(Record):
    """Go back one page."""

    type: Literal["back"] = "back"


class OpenListing(Record):
    """Open the page of a listing."""

    type: Literal["open_listing"] = "open_listing"
    product_id: str


class AddToCart(Record):
    """Put one unit of a listing into the cart."""

    type: Literal["add_to_cart"] = "add_to_cart"
    product_id: str
    reason: str = ""


class CheckOut(Record):
    """Buy what is in the cart."""

    type: Literal["check_out"] = "check_out"


class Stop(Record):
    """Leave without buying."""

    type: Literal["stop"] = "stop"
    reason: str = ""


Action = Annotated[
    Click | Type | Scroll | Back | OpenListing | AddToCart | CheckOut | Stop,
    Field(discriminator="type"),
]
