"""A planted buyer that searches: it opens listings by one utility and buys among them by another.

It proves the funnel's estimates: where a listing stands may move its click, its purchase once
opened, or both, and each is known. As in Ursu, R. M. (2018), Marketing Science 37, 530-552, what
is opened is not a random part of the shelf.
"""

from collections.abc import Mapping, Sequence
from math import log

from pydantic import Field

from aces.seeds import Stream
from aces.types import (
    Action,
    AddToCart,
    Back,
    CheckOut,
    Observation,
    OpenListing,
    PerceivedListing,
    Record,
    Stop,
    Task,
)
from agents.buyers.utility import UtilityBuyer

Shelf = Sequence[PerceivedListing]


class FunnelBuyer:
    """Opens each listing whose click utility is above 0, then buys the best of those or leaves.

    Both utilities have noise of their own, logistic for clicks and Gumbel for purchases, so that
    without `match` each stage is exactly a logit.
    """

    class Config(Record):
        """Parameters."""

        click: Mapping[str, float] = {}
        """Term -> coefficient of opening a listing."""
        click_constant: float = 0.0
        """Log-odds of opening a listing whose terms are all 0."""
        buy: Mapping[str, float] = {}
        """Term -> coefficient of buying it, once opened."""
        leave: float = 0.0
        """Utility of leaving without buying."""
        match: float = Field(default=0.0, ge=0)
        """Standard deviation of what this shopper likes about a listing and no column holds. It
        moves both stages, so that what is opened in a bad slot is better than it looks."""

    shares_noise = True

    def __init__(self, config: Config) -> None:
        self.config = config
        self._click = UtilityBuyer(UtilityBuyer.Config(coefficients=config.click))
        self._buy = UtilityBuyer(UtilityBuyer.Config(coefficients=config.buy))

    def start(self, task: Task, stream: Stream) -> "Search":
        """Opens an errand with this trial's noise."""
        return Search(self, stream)

    def truth(self) -> Mapping[str, float] | None:
        """Returns the planted coefficients as `click[TERM]` and `buy[TERM]`.

        Returns None with `match`: neither stage is then a logit of its columns.
        """
        asked = self.config
        if asked.match:
            return None
        return {
            **{f"click[{term}]": value for term, value in asked.click.items()},
            "click[1]": asked.click_constant,
            **{f"buy[{term}]": value for term, value in asked.buy.items()},
            "buy[1]": -asked.leave,
        }

    def opens(self, shelf: Shelf, stream: Stream) -> list[str]:
        """Returns the products it opens, in the order of the page."""
        utility = self._click.utilities(shelf) + self.config.click_constant
        return [
            item.product_id
            for item, value in zip(shelf, utility.tolist(), strict=True)
            if value + self._match(item, stream) + _logistic(stream.child(item.product_id, "click"))
            > 0
        ]

    def takes(self, opened: Shelf, stream: Stream) -> str | None:
        """Returns which of the opened listings it buys; None if it leaves."""
        utility = self._buy.utilities(opened).tolist()
        worth = {
            item.product_id: value
            + self._match(item, stream)
            + stream.child(item.product_id, "buy").gumbel()
            for item, value in zip(opened, utility, strict=True)
        }
        leave = self.config.leave + stream.child("leave").gumbel()
        best = max(worth, key=worth.__getitem__, default=None)
        return best if best is not None and worth[best] > leave else None

    def _match(self, item: PerceivedListing, stream: Stream) -> float:
        if not self.config.match:
            return 0.0
        return self.config.match * stream.child(item.product_id, "match").normal()


class Search:
    """A session: product pages one after another, then the purchase."""

    def __init__(self, buyer: FunnelBuyer, stream: Stream) -> None:
        self._buyer = buyer
        self._stream = stream
        self._ahead: list[str] | None = None
        self._choice: str | None = None

    async def act(self, observation: Observation) -> Action:
        """Returns the next action on the way from shelf to order."""
        if observation.page in ("cart", "checkout"):
            return CheckOut()
        if observation.page != "results":
            return Back()
        if self._ahead is None:
            self._decide(observation.listings)
        if self._ahead:
            return OpenListing(product_id=self._ahead.pop(0))
        if self._choice is None:
            return Stop(reason="nothing that was opened is worth buying")
        return AddToCart(product_id=self._choice)

    def _decide(self, shelf: Shelf) -> None:
        """Settles the whole search from the results page, which shows all that it goes by."""
        opened = self._buyer.opens(shelf, self._stream) if shelf else []
        met = [item for item in shelf if item.product_id in opened]
        self._ahead = opened
        self._choice = self._buyer.takes(met, self._stream) if met else None


def _logistic(stream: Stream) -> float:
    """The stream's own standard logistic draw."""
    u = stream.uniform()
    return log(u) - log(1 - u)
