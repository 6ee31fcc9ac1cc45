"""The records that the five packages exchange: frozen, validated, and the same everywhere.

Money is in integer minor units, ratings are floats from 0 to 5, positions are 1-based as shown.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from aces.seeds import Stream


class Record(BaseModel):
    """Base of all records: immutable, strict about unknown keys, and without NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Mark(Record):
    """Anything laid over a listing as data: a tag, badge, notice or countdown."""

    kind: str
    """What it is to an analyst: the name of its column (`sponsored`, `overall_pick`, ...)."""
    text: str
    """What the shopper reads; `{value}` stands for `value`."""
    look: str = "badge"
    """How it is drawn: a style the theme knows (`badge`, `ribbon`, `notice`, `quiet`, ...)."""
    place: str = "image"
    """Where it stands on the card: `image`, `title`, `price` or `delivery`."""
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


class Requirements(Record):
    """What the shopper insists on; binds a planted buyer only where it has `obey: true`."""

    max_price_cents: int | None = Field(default=None, ge=0)
    brand: str | None = None
    attributes: Mapping[str, str] = {}


class Task(Record):
    """The shopper's errand and, where one exists, the right answer."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)
    category: str
    query: str = ""
    instruction: str = ""
    requirements: Requirements = Requirements()
    right_answer: str | None = None


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
    max_units: int | None = None
    """Checkout refuses more units than this; 1 in trials."""


class Assignment(Record):
    """The levels drawn for one world, with the probability of what was drawn."""

    world_id: str
    task_id: str
    k: int
    product_ids: tuple[str, ...]
    """The products on the shelf, in catalogue order; per-listing levels align with it."""
    levels: Mapping[str, tuple[Any, ...]]
    """Level column -> one value per product. Includes `position`, 1-based."""
    probability: float
    """Joint probability of the discrete levels."""
    marginals: Mapping[str, tuple[float, ...]] = {}
    """Discrete level column -> marginal probability of the value drawn, per product."""
    densities: Mapping[str, tuple[float | None, ...]] = {}
    """Continuous level column -> density of the value drawn, per product; None: a point mass."""


class Trial(Record):
    """One buyer meeting one world through one interface, once."""

    id: str
    plan_index: int
    batch: int
    world_id: str
    buyer: str
    interface: str
    repeat: int


class PerceivedListing(Record):
    """One alternative as read from the rendered page or the API's answer."""

    product_id: str
    title: str
    currency: str = "USD"
    price_cents: int
    list_price_cents: int | None = None
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
    listings: tuple[PerceivedListing, ...] = ()
    """The shelf as parsed; planted buyers choose from it, models never get it."""
    error: str | None = None
    """Why the last action could not be carried out."""


class Click(Record):
    """Click what is named `target`, or the point (x, y) of the viewport in CSS pixels."""

    type: Literal["click"] = "click"
    target: str | None = None
    x: float | None = None
    y: float | None = None


class Type(Record):
    """Type `text` into the field named `target` (default: the search box), and submit it."""

    type: Literal["type"] = "type"
    text: str
    target: str | None = None
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


class Step(Record):
    """One turn of a trial, as stored."""

    step: int
    page: str
    url: str = ""
    text: str | None = None
    screenshot: bytes | None = None
    image_type: str = "image/png"
    action: Mapping[str, Any]
    error: str | None = None
    """What went wrong when the action was carried out."""
    exposed: tuple[str, ...] | None = None
    """On a results page: the products that lay wholly inside the viewport."""
    observe_s: float = 0.0
    act_s: float = 0.0
    """Seconds the buyer took."""


class Event(Record):
    """One line of the shop's append-only log."""

    kind: str
    page: str
    at_s: float
    """Seconds since the session was entered."""
    data: Mapping[str, Any] = {}


class Status(StrEnum):
    """How a trial ended; never merged."""

    CHOSEN = "chosen"
    ABSTAINED = "abstained"
    TRUNCATED = "truncated"
    FAILED = "failed"


class Choice(Record):
    """The outcome of one trial: what the shop's own order event says."""

    status: Status
    cause: str = ""
    """Of a failure: `refusal`, `unparseable`, `server`, `browser`, `shop`, `worker`, ..."""
    product_id: str | None = None
    probability: Mapping[str, float] | None = None
    """The buyer's own choice probability by product, where it was read."""
    said: str | None = None
    """The product the buyer said it took, kept beside what it bought."""
    detail: str = ""
    seconds: float = 0.0
    blocked_requests: int = 0


class BuyerSession(Protocol):
    """A buyer on one errand."""

    async def act(self, observation: Observation) -> Action:
        """Returns the next action."""
        ...


@runtime_checkable
class Buyer(Protocol):
    """Anything that shops. One instance serves many trials, side by side."""

    def start(self, task: Task, stream: Stream) -> BuyerSession:
        """Opens a session; `stream` is its only source of randomness."""
        ...

    def truth(self) -> Mapping[str, float] | None:
        """Planted coefficients by term, for the analysis to compare with; None for real buyers."""
        ...


class Estimate(Record):
    """One row of `estimates.csv`."""

    model_config = ConfigDict(allow_inf_nan=True)  # intervals may be unbounded

    analysis: str
    estimand: str
    evidence: str = "exploratory"
    buyer: str
    model: str = ""
    persona: str = ""
    prompt_hash: str = ""
    interface: str
    task_id: str = ""
    product_id: str = ""
    estimator: str
    term: str
    estimate: float | None
    std_error: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    n_trials: int = 0
    n_clusters: int | None = None
    truth: float | None = None
