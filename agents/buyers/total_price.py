"""A planted buyer that minds what is to be paid in the end, wherever it is told."""

from collections.abc import Mapping

from aces.seeds import Stream
from aces.types import (
    Action,
    AddToCart,
    Back,
    CheckOut,
    Click,
    Observation,
    PerceivedListing,
    Stop,
    Task,
)
from agents.buyers._errand import Rule
from agents.buyers.utility import UtilityBuyer


class TotalPriceBuyer(UtilityBuyer):
    """The random-utility shopper, with the total in place of the price.

    A listing is taken to cost its price and the fee told beside it until the cart says more. Where
    another one is better then, the buyer takes this one out again and goes back. Totals are never
    lower than expected, so that in the end it has the best by totals: where a fee is told makes no
    difference to what it buys, only to how often it turns back.
    """

    def start(self, task: Task, stream: Stream) -> "TotalErrand":
        """Opens an errand with this trial's tastes and noise."""
        return TotalErrand(self.rule(task, stream))

    def truth(self) -> Mapping[str, float] | None:
        """Returns the planted coefficients, that of `price` for `fee` too.

        Returns None as the other one does, and where the total enters in any other way.
        """
        found = super().truth()
        if found is None:
            return None
        priced = [name for name in found if {"price", "log_price"} & set(name.split(":"))]
        if priced not in ([], ["price"]):
            return None
        return {**found, "fee": found["price"]} if priced else found


class TotalErrand:
    """Chooses by totals, and sees the choice through unless the cart says otherwise.

    Args:
        rule: From the shelf, with totals for prices, to the listing to buy.
    """

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._shelf: tuple[PerceivedListing, ...] = ()
        self._due: dict[str, int] = {}
        """Product -> what the cart said it comes to."""
        self._taken: str | None = None
        """What lies in the cart."""

    async def act(self, observation: Observation) -> Action:
        """Returns the next action on the way from shelf to order."""
        if observation.page in ("cart", "checkout"):
            return self._at_cart(observation)
        if observation.page == "product" or self._taken:
            return Back()
        self._shelf = observation.listings or self._shelf
        choice = self._choice()
        if choice is None:
            return Stop(reason="nothing on the shelf is worth its total")
        self._taken = choice.product_id
        return AddToCart(product_id=choice.product_id)

    def _at_cart(self, seen: Observation) -> Action:
        if self._taken is None:
            return Back()
        if seen.total_cents is not None:
            self._due[self._taken] = seen.total_cents
        choice = self._choice()
        if choice is not None and choice.product_id == self._taken:
            return CheckOut()
        (item,) = (each for each in self._shelf if each.product_id == self._taken)
        self._taken = None
        return Click(target=f"Remove, {item.title}")

    def _choice(self) -> PerceivedListing | None:
        return self._rule(tuple(map(self._at_total, self._shelf))) if self._shelf else None

    def _at_total(self, item: PerceivedListing) -> PerceivedListing:
        total = self._due.get(item.product_id, item.price_cents + item.fee_cents)
        return item.model_copy(update={"price_cents": total, "fee_cents": 0})
