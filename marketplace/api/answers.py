"""What the JSON API answers, as types: the code is checked against them, and clients told of them.

Prices are decimal strings in major units, such as `"24.99"`; the answer names their currency.
"""

from typing import Annotated, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

_EXACT = with_config(ConfigDict(extra="forbid", strict=True))

Price = Annotated[str, Field(pattern=r"^\d+(\.\d+)?$")]
Fee = Annotated[Price, Field(description="Charged on top of the price, for each unit.")]
Alt = Annotated[
    str,
    Field(description="Of the first picture, in results and on its own page, where there is one."),
]
Count = Annotated[int, Field(ge=0)]
Position = Annotated[int, Field(ge=1, description="Among all results, from 1.")]
Marks = Annotated[list[str], Field(description="What stands on the listing, as it reads.")]
Notices = Annotated[list[str], Field(description="What stands on the page, where anything does.")]
Corrected = Annotated[str | None, Field(description="The spelling that was searched for instead.")]
Key = Annotated[str, Field(description="Names the item in `/api/cart/{key}`.")]
Number = Annotated[int, Field(description="To be sent with the order, so that it is placed once.")]
Histogram = Annotated[dict[str, Count], Field(description="Stars -> how many gave them.")]


@_EXACT
class Error(TypedDict):
    """Why a request was not carried out."""

    error: str


@_EXACT
class Welcome(TypedDict):
    """The shop, and what the shopper came for."""

    shop: str
    currency: str
    query: str


@_EXACT
class Charged(TypedDict):
    """What is told of a fee, where there is one."""

    fee: NotRequired[Fee]


@_EXACT
class Summary(Charged):
    """A product as results show it."""

    id: str
    title: str
    price: Price
    list_price: Price | None
    saving_percent: Annotated[int, Field(ge=0, le=100)]
    rating: Annotated[float, Field(ge=0, le=5)] | None
    review_count: Count
    marks: Marks
    delivery: str
    available: bool
    picture: str | None
    picture_alt: NotRequired[Alt]
    url: str


@_EXACT
class Result(Summary):
    """A product on a page of results."""

    position: Position


@_EXACT
class Layout(TypedDict):
    """How the page of results is laid out."""

    columns: int


@_EXACT
class FacetChoice(TypedDict):
    """Something that results can be narrowed to."""

    label: str
    count: Count
    selected: bool
    url: Annotated[str, Field(description="Leads there, or back where it is selected.")]


@_EXACT
class FacetAnswer(TypedDict):
    """Choices of one kind."""

    name: str
    title: str
    choices: list[FacetChoice]


@_EXACT
class ResultsAnswer(TypedDict):
    """A page of results."""

    query: str
    corrected: Corrected
    total: Count
    page: int
    pages: int
    sort: str
    currency: str
    layout: Layout
    results: list[Result]
    facets: NotRequired[list[FacetAnswer]]
    notices: NotRequired[Notices]


@_EXACT
class HomeAnswer(TypedDict):
    """The front page."""

    notices: NotRequired[Notices]
    shop: str
    currency: str
    query: str
    deals: list[Summary]
    popular: list[Summary]


@_EXACT
class CategoryAnswer(TypedDict):
    """A category of the shop."""

    id: str
    title: str
    department: str
    total: Count


@_EXACT
class CategoriesAnswer(TypedDict):
    """All categories."""

    categories: list[CategoryAnswer]


@_EXACT
class ValueAnswer(TypedDict):
    """A value of an option, all else as it is."""

    value: str
    available: bool
    price: Price


@_EXACT
class OptionAnswer(TypedDict):
    """An option of a product."""

    name: str
    selected: str
    values: list[ValueAnswer]


@_EXACT
class OfferAnswer(Charged):
    """The same product from another seller."""

    seller: str
    condition: str
    price: Price
    delivery: str


@_EXACT
class Details(Summary):
    """A product in full, in one choice of its options."""

    pictures: list[str]
    brand: str
    category: str
    seller: str
    condition: str
    bullets: list[str]
    description: str
    attributes: dict[str, str]
    specification: dict[str, str]
    options: list[OptionAnswer]
    offers: list[OfferAnswer]
    histogram: Histogram


@_EXACT
class FitAnswer(TypedDict):
    """How a garment runs, by its reviews."""

    runs: str
    votes: Count
    of: Count


@_EXACT
class ReviewsHead(TypedDict):
    """The reviews in short."""

    total: Count
    fit: FitAnswer | None
    url: str


@_EXACT
class ProductAnswer(Details):
    """The page of a product."""

    notices: NotRequired[Notices]
    currency: str
    reviews: ReviewsHead
    similar: list[Summary]


@_EXACT
class ReviewAnswer(TypedDict):
    """What a buyer says."""

    stars: Annotated[int, Field(ge=1, le=5)]
    title: str
    text: str
    author: str
    date: str
    verified: bool
    helpful: Count
    fit: str
    options: dict[str, str]


@_EXACT
class ReviewsAnswer(TypedDict):
    """A page of reviews."""

    id: str
    rating: float | None
    review_count: Count
    histogram: Histogram
    sort: str
    total: Count
    page: int
    pages: int
    reviews: list[ReviewAnswer]


@_EXACT
class CompareAnswer(TypedDict):
    """Products side by side."""

    currency: str
    products: list[Details]


@_EXACT
class SellerAnswer(TypedDict):
    """Who sells, on what terms, and what."""

    name: str
    about: str
    since: int | None
    rating: float | None
    review_count: Count
    ships_from: str
    shipping: str
    returns: str
    return_days: Count
    currency: str
    total: Count
    results: list[Summary]


@_EXACT
class ItemAnswer(TypedDict):
    """Some units of one item."""

    id: str
    key: Key
    title: str
    options: dict[str, str]
    seller: str
    price: Price
    units: Annotated[int, Field(ge=1)]
    total: Price
    url: str


@_EXACT
class Sums(TypedDict):
    """What items come to."""

    currency: str
    items: list[ItemAnswer]
    subtotal: Price
    coupon: str | None
    discount: Price
    shipping: Price
    fees: NotRequired[Annotated[Price, Field(description="Charged on top, where anything is.")]]
    total: Price


@_EXACT
class CartAnswer(Sums):
    """What lies in the cart; delivery is the standard one."""

    notices: NotRequired[Notices]


@_EXACT
class DeliveryAnswer(TypedDict):
    """A way of delivery."""

    name: str
    price: Price
    arrival: str
    total: Annotated[Price, Field(description="Of the order, sent like this.")]


@_EXACT
class AddressAnswer(TypedDict):
    """Where an order goes."""

    name: str
    street: str
    city: str
    postal_code: str


@_EXACT
class CheckoutAnswer(Sums):
    """The order as it stands before it is placed."""

    notices: NotRequired[Notices]
    number: Number
    deliveries: list[DeliveryAnswer]
    address: AddressAnswer
    payment: str


@_EXACT
class OrderAnswer(Sums):
    """An order placed."""

    order_id: str
    delivery: str
    arrival: str
    address: AddressAnswer


@_EXACT
class OrdersAnswer(TypedDict):
    """The orders placed, the newest first."""

    orders: list[OrderAnswer]
