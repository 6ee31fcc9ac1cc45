"""Contract checks for anybody's plug-ins: `check_buyer(MyBuyer(...))` in your own tests."""

import asyncio
import inspect
from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from aces.errors import BuyerError
from aces.seeds import Stream
from aces.types import (
    Action,
    AddToCart,
    Buyer,
    BuyerSession,
    Observation,
    OpenListing,
    PerceivedListing,
    Task,
)

_ACTIONS: TypeAdapter[Action] = TypeAdapter(Action)


def sample_shelf(size: int = 8, columns: int = 4) -> tuple[PerceivedListing, ...]:
    """Returns a shelf of `size` differing listings, with marks, a strike-through and a gap."""
    return tuple(
        PerceivedListing(
            product_id=f"product-{i}",
            title=f"Product number {i}, blue",
            price_cents=1000 + 137 * i,
            list_price_cents=2500 if i == 2 else None,
            rating=None if i == 1 else round(3.5 + 0.15 * i, 1),
            review_count=10 * 3**i,
            marks={"sponsored": 1} if i == 3 else {"scarcity": 2} if i == 4 else {},
            position=i + 1,
            row=i // columns + 1,
            col=i % columns + 1,
        )
        for i in range(size)
    )


def sample_observations() -> list[Observation]:
    """Returns pages that any buyer must cope with: a shelf, an empty one, cart, an error."""
    shelf = sample_shelf()
    return [
        Observation(step=1, page="results", text="{}", listings=shelf),
        Observation(step=2, page="results", listings=shelf, error="that can't be clicked"),
        Observation(step=3, page="product"),
        Observation(step=4, page="cart"),
        Observation(step=5, page="results", listings=()),
    ]


def check_buyer(buyer: Buyer, observations: Sequence[Observation] | None = None) -> None:
    """Runs the buyer's contract against an instance of anybody's class.

    It must return actions of the union, name only products it was shown, keep nothing of one
    session in another, draw randomness from its stream only, and plant finite truths.

    Args:
        buyer: The instance.
        observations: What to show it, in turn; a standard sequence where not given.

    Raises:
        BuyerError: Naming the broken clause, what was found and what is expected.
    """
    pages = list(observations or sample_observations())
    _check_truth(buyer)
    streams = [Stream("check_buyer", i) for i in range(5)]
    first = [_play(buyer, pages, stream) for stream in streams]
    # in another order, so that what one session leaves behind shows in the next
    again = [_play(buyer, pages, stream) for stream in reversed(streams)][::-1]
    if first != again:
        raise BuyerError(
            f"{_name(buyer)}: the same stream gave {first} and then {again}. Draw all randomness "
            "from the stream given to start(), and keep no state between sessions"
        )


def _name(buyer: object) -> str:
    return type(buyer).__name__


def _check_truth(buyer: Buyer) -> None:
    truth = buyer.truth()
    if truth is None:
        return
    for term, value in truth.items():
        if not isinstance(value, (int, float)) or value != value or abs(value) == float("inf"):
            raise BuyerError(f"{_name(buyer)}: truth()[{term!r}] is {value!r}, not a finite number")


def _play(buyer: Buyer, pages: Sequence[Observation], stream: Stream) -> list[Action]:
    """The actions that a fresh session takes."""
    task = Task(id="check", category="check", query="product")
    session = buyer.start(task, stream)
    if not inspect.iscoroutinefunction(getattr(session, "act", None)):
        raise BuyerError(f"{_name(buyer)}: start() returned {session!r}, which has no async act()")
    return asyncio.run(_play_pages(buyer, session, pages))


async def _play_pages(
    buyer: Buyer, session: BuyerSession, pages: Sequence[Observation]
) -> list[Action]:
    shown = {item.product_id for page in pages for item in page.listings}
    actions: list[Action] = []
    for page in pages:
        action = await session.act(page)
        _check_action(buyer, action, shown)
        actions.append(action)
    return actions


def _check_action(buyer: Buyer, action: Action, shown: set[str]) -> None:
    try:
        _ACTIONS.validate_python(action)
    except ValidationError as error:
        raise BuyerError(
            f"{_name(buyer)}: act() returned {action!r}, which is not an Action"
        ) from error
    named = action.product_id if isinstance(action, (AddToCart, OpenListing)) else None
    if named is not None and named not in shown:
        raise BuyerError(f"{_name(buyer)}: acted on '{named}', which it was not shown")
