"""The planted buyer: a random-utility shopper whose coefficients are known.

It proves the instrument: what the analysis finds can be held against what was planted. It sees
only what the page or the API shows (`Observation.listings`), never the world.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from aces import terms
from aces.errors import SpecError, nearest
from aces.seeds import Stream
from aces.types import BuyerSession, Ground, PerceivedListing, Record, Requirements, Task
from agents.buyers._errand import Errand, Rule


class ProductEffects(Record):
    """A rule for product effects: sd x N(0, 1) + log_price x ln(catalogue price)."""

    sd: float = Field(default=0.0, ge=0)
    log_price: float = 0.0


class UtilityBuyer:
    """Maximises coefficients x what it sees + product effect + Gumbel noise (McFadden 1974)."""

    class Config(Record):
        """Parameters."""

        coefficients: Mapping[str, float] = {}
        """Term -> coefficient; terms not given are 0. `log_price:sponsored` is an interaction."""
        product_effects: ProductEffects | dict[str, float] | None = Field(
            default=None, union_mode="left_to_right"
        )
        """A rule, which the plan turns into a table, or a table by product id."""
        heterogeneity: Mapping[str, float] = {}
        """Term -> standard deviation of its coefficient over shoppers (normal)."""
        outside_option: float | None = None
        """Utility of leaving without buying; not given: it always buys."""
        noise: Literal["shared", "independent"] = "shared"
        """`shared`: the same draws for every planted buyer and interface on one world."""
        obey: bool = False
        """Whether the task's requirements bind it."""

        @field_validator("heterogeneity")
        @classmethod
        def _positive(cls, spread: Mapping[str, float]) -> Mapping[str, float]:
            for name, sd in spread.items():
                if sd < 0:
                    raise ValueError(f"the standard deviation of {name} can't be negative")
            return spread

    def __init__(self, config: Config) -> None:
        self.config = config
        self.shares_noise = config.noise == "shared"
        effects = config.product_effects
        self._effects = effects if isinstance(effects, dict) else {}
        self._names = list({**config.coefficients, **config.heterogeneity})
        self._weights = np.array([config.coefficients.get(name, 0.0) for name in self._names])

    @classmethod
    def resolve(cls, config: Config, ground: Ground) -> Config:
        """Returns the parameters with a rule for product effects turned into a table.

        Args:
            config: As written in the experiment.
            ground: Seed and listings of the experiment.

        Raises:
            SpecError: If a table names a product that no shelf shows.
        """
        rule = config.product_effects
        shown = [item.product_id for item in ground.listings]
        if isinstance(rule, dict):
            for product_id in rule:
                if product_id not in shown:
                    hint = nearest(product_id, shown)
                    raise SpecError(f"product_effects: no shelf shows '{product_id}'{hint}")
        if not isinstance(rule, ProductEffects):
            return config
        stream = Stream(ground.seed, "product effects")
        table = {
            item.product_id: rule.sd * stream.child(item.product_id).normal()
            + rule.log_price * float(np.log(item.price_cents / 100))
            for item in ground.listings
        }
        return config.model_copy(update={"product_effects": table})

    def start(self, task: Task, stream: Stream) -> BuyerSession:
        """Opens an errand with this trial's tastes and noise."""
        return Errand(self.rule(task, stream))

    def rule(self, task: Task, stream: Stream) -> Rule:
        """Returns what this trial's tastes and noise make of a shelf."""

        def choose(shelf: tuple[PerceivedListing, ...]) -> PerceivedListing | None:
            options = self._allowed(shelf, task.requirements)
            if not options:
                return None
            utility = self.utilities(options, self.taste(task, stream))
            noise = [stream.child(item.product_id).gumbel() for item in options]
            best = int(np.argmax(utility + noise))
            leave = self.config.outside_option
            if leave is not None:
                leave += stream.child("outside option").gumbel()
                if leave > utility[best] + noise[best]:
                    return None
            return options[best]

        return choose

    def taste(self, task: Task, stream: Stream) -> Stream:
        """Returns the stream of this shopper's deviations: every trial has a shopper of its own."""
        return stream.child("taste")

    def utilities(
        self, shelf: Sequence[PerceivedListing], taste: Stream | None = None
    ) -> NDArray[np.float64]:
        """Returns the systematic utility of each listing, shape (J,).

        Args:
            shelf: What is seen.
            taste: Stream of this shopper's deviations; None for the mean shopper.
        """
        effects = [self._effects.get(item.product_id, 0.0) for item in shelf]
        utility = np.array(effects)
        if not self._names:
            return utility
        weights = self._weights
        if taste is not None and self.config.heterogeneity:
            spread = self.config.heterogeneity
            weights = weights + [
                spread.get(name, 0.0) * taste.child(name).normal() for name in self._names
            ]
        X = terms.matrix(self._names, _columns(shelf, self._names))
        return np.asarray(utility + X @ weights)

    def truth(self) -> Mapping[str, float] | None:
        """Returns the planted coefficients, product effects as `product_id[ID]`.

        Returns None where tastes differ or requirements bind: what a conditional logit estimates
        is then not the mean coefficient.
        """
        if self.config.obey or any(self.config.heterogeneity.values()):
            return None
        effects = {f"product_id[{name}]": value for name, value in self._effects.items()}
        leave = self.config.outside_option
        outside = {} if leave is None else {"outside_option": leave}
        return {**self.config.coefficients, **effects, **outside}

    def _allowed(
        self, shelf: Sequence[PerceivedListing], requirements: Requirements
    ) -> Sequence[PerceivedListing]:
        """What the errand lets it buy, as far as the results page tells."""
        if not self.config.obey:
            return shelf
        limit = requirements.max_price_cents
        words = [requirements.brand, *requirements.attributes.values()]
        return [
            item
            for item in shelf
            if (limit is None or item.price_cents <= limit)
            and all(word.lower() in item.title.lower() for word in words if word)
        ]


def _columns(shelf: Sequence[PerceivedListing], names: Sequence[str]) -> dict[str, list[Any]]:
    """What is seen, by column; a mark that nobody carries is 0 for all."""
    columns: dict[str, list[Any]] = {
        "currency": [item.currency for item in shelf],
        "price_cents": [item.price_cents for item in shelf],
        "fee_cents": [item.fee_cents for item in shelf],
        "review_count": [item.review_count for item in shelf],
        "rating": [item.rating or 0.0 for item in shelf],
        "position": [item.position for item in shelf],
        "row": [item.row for item in shelf],
        "col": [item.col for item in shelf],
        "discounted": [float((item.list_price_cents or 0) > item.price_cents) for item in shelf],
    }
    for name in {part for term in names for part in term.split(":")}:
        if name not in columns and not terms.is_derived(name):
            columns[name] = [float(name in item.marks) for item in shelf]
    return columns
