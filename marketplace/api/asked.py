"""What the JSON API takes: bodies and parameters, checked, and described in its OpenAPI file."""

from typing import Annotated, Literal, NotRequired

from pydantic import BeforeValidator, ConfigDict, Field, with_config
from typing_extensions import TypedDict

from marketplace.bill import Delivery
from marketplace.customer import MAX_LENGTH

COMPARED = 4
"""Products side by side, at most."""
MAX_UNITS = 99_999
MAX_PAGE = 1_000_000
MAX_PRICE = 10_000_000_000

_BODY = with_config(ConfigDict(extra="forbid", strict=True))
_TEXTS = with_config(ConfigDict(extra="forbid"))  # numbers in a URL are text: not strict


def _whole(value: object) -> object:
    """2.0 is a whole number to JSON."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_WHOLE = BeforeValidator(_whole)
Units = Annotated[int, Field(ge=1, le=MAX_UNITS), _WHOLE]
Page = Annotated[int, Field(ge=1, le=MAX_PAGE)]
Stars = Annotated[int, Field(ge=1, le=5)]
Flag = Literal["1"]
Bound = Annotated[float, Field(ge=0, le=MAX_PRICE, description="In major units.")]
Line = Annotated[str, Field(pattern=r"\S", max_length=MAX_LENGTH)]


@_BODY
class Adding(TypedDict):
    """What to put into the cart."""

    product_id: str
    units: NotRequired[Units]
    options: NotRequired[
        Annotated[dict[str, str], Field(description="Option -> value; the first where left out.")]
    ]
    seller: NotRequired[
        Annotated[str, Field(description="Of another offer; the listing's own where left out.")]
    ]


@_BODY
class Changing(TypedDict):
    """How many units there are to be; 0 takes the item out."""

    units: Annotated[int, Field(ge=0, le=MAX_UNITS), _WHOLE]


@_BODY
class HandingIn(TypedDict):
    """A coupon."""

    code: Annotated[str, Field(min_length=1, max_length=100)]


@_BODY
class GivenAddress(TypedDict):
    """Where the order goes; what is left out is the customer's own."""

    name: NotRequired[Line]
    street: NotRequired[Line]
    city: NotRequired[Line]
    postal_code: NotRequired[Line]


@_BODY
class Ordering(TypedDict):
    """How to order; nothing need be said."""

    number: NotRequired[
        Annotated[
            int, Field(ge=1, description="Which of the session's orders this is, from 1."), _WHOLE
        ]
    ]
    address: NotRequired[GivenAddress]
    delivery: NotRequired[Delivery]


@_TEXTS
class Searching(TypedDict):
    """Words and filters, as in the URLs of pages; `a.<attribute>=<value>` filters by attribute."""

    q: NotRequired[Annotated[str, Field(description="Words; 200 characters count.")]]
    category: NotRequired[str]
    department: NotRequired[str]
    seller: NotRequired[str]
    brand: NotRequired[Annotated[list[str], Field(description="Any of these.")]]
    low: NotRequired[Bound]
    high: NotRequired[Bound]
    stars: NotRequired[Stars]
    deals: NotRequired[Flag]
    days: NotRequired[Annotated[int, Field(ge=0, le=365, description="Of delivery, at most.")]]
    free: NotRequired[Annotated[Flag, Field(description="Only what is delivered free.")]]
    stock: NotRequired[Annotated[Flag, Field(description="Only what can be had.")]]
    sort: NotRequired[
        Literal["relevance", "price_asc", "price_desc", "rating", "reviews", "delivery"]
    ]
    page: NotRequired[Page]
    facets: NotRequired[Annotated[Flag, Field(description="Count what to narrow to.")]]


@_TEXTS
class Viewing(TypedDict):
    """How to show a product; `o.<option>=<value>` chooses an option."""

    seller: NotRequired[str]


@_TEXTS
class ReadingReviews(TypedDict):
    """Which reviews."""

    sort: NotRequired[Literal["helpful", "newest", "highest", "lowest"]]
    stars: NotRequired[Stars]
    page: NotRequired[Page]


@_TEXTS
class Comparing(TypedDict):
    """Which products."""

    id: Annotated[list[str], Field(min_length=1, max_length=COMPARED)]


KINDS = (Adding, Changing, HandingIn, Ordering, Searching, Viewing, ReadingReviews, Comparing)
"""All that a request can hold."""
REPEATED = frozenset({"brand", "id"})
"""Parameters that may be given more than once."""
OPEN = ("a.", "o.")
"""What the names of parameters begin with that the catalogue defines."""
