"""What is sold and how it is shown: products, listings, marks, and a trial's whole shop."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, JsonValue, field_validator

from aces.types.record import Record


class Mark(Record):
    """Anything laid over a listing as data: a tag, badge, notice or countdown."""

    kind: str
    """What it is to an analyst: the name of its column (`sponsored`, `overall_pick`, ...)."""
    text: str
    """What the shopper reads; `{value}` stands for `value`."""
    look: str = "badge"
    """How it is drawn: a style the theme knows (`badge`, `ribbon`, `notice`, `quiet`, ...)."""
    place: str = "image"
    """Where it stands on the card: `image`, `title`, `price` or `delivery`; or in the listing's own
    words: `alt` (of its picture), `review` (the first one) or `description`."""
    value: int | str | None = None


class OptionValue(Record):
    """One value of an option: a size, a colour, a pack."""

    value: str = Field(min_length=1)
    price_factor: float = Field(default=1.0, gt=0)
    """Price of this value over the listing's price, so that it moves with a treated price."""
    swatch: str = ""
    """Its colour as `#rrggbb`, where it is one."""
    picture: str = ""
    """Key of the picture that shows it."""


class Option(Record):
    """Something a shopper may choose about a product. The listing offers the first value."""

    name: str = Field(min_length=1)
    values: tuple[OptionValue, ...] = Field(min_length=1)


Fit = Literal["", "runs small", "true to size", "runs large"]


class Review(Record):
    """What somebody who bought the product says of it."""

    stars: int = Field(ge=1, le=5)
    title: str
    text: str = ""
    author: str = ""
    date: str = Field(default="", pattern=r"^(\d{4}-\d\d-\d\d)?$")
    verified: bool = True
    helpful: int = Field(default=0, ge=0)
    """How many shoppers found it helpful."""
    fit: Fit = ""
    options: Mapping[str, str] = {}
    """What the reviewer bought: option -> value."""


class Product(Record):
    """What a thing is, whoever sells it and however it is shown. Never changes."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)
    category: str
    brand: str = ""
    attributes: Mapping[str, str] = {}
    """The few facts that shoppers filter by."""
    specification: Mapping[str, str] = {}
    """The long table of facts."""
    options: tuple[Option, ...] = ()
    sold_out: tuple[Mapping[str, str], ...] = ()
    """Combinations of option values that can't be had; options left out stand for every value."""
    reviews: tuple[Review, ...] = ()
    """All there are; a page shows those that fit the listing's rating."""


class Offer(Record):
    """The same product from another seller."""

    seller: str = Field(min_length=1)
    price_factor: float = Field(gt=0)
    """Its price over the listing's, so that it moves with a treated price."""
    condition: str = "New"
    delivery_days: int = Field(default=5, ge=0)
    shipping_cents: int = Field(default=0, ge=0)


class Seller(Record):
    """Who sells, and on what terms."""

    name: str = Field(min_length=1)
    about: str = ""
    since: int | None = None
    """Year."""
    rating: float | None = Field(default=None, ge=0, le=5)
    review_count: int = Field(default=0, ge=0)
    ships_from: str = ""
    shipping: str = ""
    """Its terms, in words."""
    return_days: int = Field(default=30, ge=0)
    returns: str = ""
    """Its terms, in words."""


class Category(Record):
    """How a category is called in the shop."""

    title: str = Field(min_length=1)
    department: str = Field(min_length=1)


class Listing(Record):
    """How a product is offered in one trial."""

    product_id: str
    title: str = Field(min_length=1)
    description: str = ""
    bullets: tuple[str, ...] = ()
    price_cents: int = Field(ge=0)
    list_price_cents: int | None = Field(default=None, ge=0)
    """The struck-through price, where one is shown."""
    fee_cents: int = Field(default=0, ge=0)
    """What the shop charges for each unit on top of the price, whoever sells it."""
    rating: float | None = Field(default=None, ge=0, le=5)
    review_count: int = Field(default=0, ge=0)
    stock: int = Field(default=100, ge=0)
    pictures: tuple[str, ...] = ()
    """Keys of pictures in the catalogue; the shop serves them as `/pictures/<key>`."""
    seller: str = ""
    delivery_days: int = Field(default=5, ge=0)
    shipping_cents: int = Field(default=0, ge=0)
    """What delivery of one order costs; the dearest of a cart's listings counts."""
    offers: tuple[Offer, ...] = ()
    """Of other sellers."""
    marks: tuple[Mark, ...] = ()


class Viewport(Record):
    """The size of the browser's window in CSS pixels."""

    width: int = Field(default=1280, ge=200, le=10_000)
    height: int = Field(default=1080, ge=200, le=10_000)
    device_scale: float = Field(default=1.0, gt=0, le=4)


Part = Literal["product", "offer", "rating", "review", "breadcrumb", "open_graph"]


class Markup(Record):
    """What the pages tell machines (schema.org, Open Graph) beside what they show."""

    parts: tuple[Part, ...] = ("product", "offer", "rating", "review", "breadcrumb", "open_graph")
    """What is marked up; the rest is left out."""
    says: Mapping[str, Mapping[str, JsonValue]] = {}
    """Product id (`*`: every product) -> listing field -> what the markup claims instead of the
    truth: `{"*": {"rating": 5.0}}`."""

    @field_validator("says")
    @classmethod
    def _could_be_true(
        cls, says: Mapping[str, Mapping[str, JsonValue]]
    ) -> Mapping[str, Mapping[str, JsonValue]]:
        for claims in says.values():
            if "product_id" in claims:
                raise ValueError("markup can't claim another `product_id`")
            Listing.model_validate(
                {"product_id": "any", "title": "Any", "price_cents": 1, **claims}
            )
        return says


class Coupon(Record):
    """A code that takes something off at checkout: a share, an amount, or both."""

    code: str = Field(pattern=r"^[A-Z0-9]{3,20}$")
    percent: int = Field(default=0, ge=0, le=100)
    off_cents: int = Field(default=0, ge=0)
    minimum_cents: int = Field(default=0, ge=0)
    """The items must come to this much."""


FeeTold = Literal["upfront", "checkout"]
"""`upfront`: beside the price wherever that stands; `checkout`: from the cart on alone."""


class World(Record):
    """A trial's whole shop, derived from catalogue slice and assignment. Its clock stands still."""

    id: str
    task_id: str
    k: int
    query: str = ""
    listings: tuple[Listing, ...]
    """In the order of the default results page: position 1 first."""
    products: Mapping[str, Product]
    columns: int = Field(default=4, ge=1)
    rest: Literal["none", "catalog"] = "none"
    """What the shop sells beside the shelf: nothing, or the rest of the catalogue, untreated."""
    ranker: str = "fixed"
    theme: str = "marigold"
    density: Literal["comfortable", "compact"] = "comfortable"
    layout: Literal["grid", "list"] = "grid"
    scheme: Literal["light", "dark", "auto"] = "light"
    """`auto`: as the browser prefers."""
    locale: str = "en-US"
    """How numbers, prices and dates are written."""
    markup: Markup = Markup()
    notices: tuple[Mark, ...] = ()
    """Marks on the page rather than on a listing: banners, disclosures, nudges."""
    currency: str = "USD"
    clock: str = "2026-01-15T10:00:00Z"
    controls: bool = False
    """Whether results can be filtered, sorted and compared."""
    page_size: int = Field(default=24, ge=1)
    """Results on a page."""
    watch: bool = False
    """Whether a script reports what lies in the window: for people, in browsers of their own."""
    coupons: tuple[Coupon, ...] = ()
    """Codes that the shop takes."""
    fee_told: FeeTold = "upfront"
    """Where a listing's fee is told."""
    max_units: int | None = None
    """Checkout refuses more units than this; 1 in trials."""
    screenshot: str = ""
    """Key of the screenshot that a source stored of this shelf; no page shows it."""
