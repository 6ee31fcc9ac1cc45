"""What buyers that decide by a rule have in common: choose on the shelf, then see it through."""

from collections.abc import Callable

from aces.types import Action, AddToCart, Back, CheckOut, Observation, PerceivedListing, Stop

Rule = Callable[[tuple[PerceivedListing, ...]], PerceivedListing | None]


class Errand:
    """A session that puts the rule's choice into the cart and checks out.

    Args:
        rule: From the shelf to the listing to buy, or None to leave without buying.
    """

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    async def act(self, observation: Observation) -> Action:
        """Returns the next action on the way from shelf to order."""
        if observation.page in ("cart", "checkout"):
            return CheckOut()
        if observation.page == "product":
            return Back()
        choice = self._rule(observation.listings) if observation.listings else None
        if choice is None:
            return Stop(reason="nothing on the shelf is worth buying")
        return AddToCart(product_id=choice.product_id)
