"""Which of listings that are otherwise alike is the best."""

from typing import Literal

from pydantic import model_validator

from aces.design import BestOffer, Declaration, Improvement
from aces.types import Record

PRICE_TESTS = (
    Improvement(name="reduce_01_percent", factor=0.99),
    Improvement(name="reduce_05_percent", factor=0.95),
    Improvement(name="reduce_10_percent", factor=0.90),
    Improvement(name="reduce_1_cent", step=-1),
    Improvement(name="reduce_10_cent", step=-10),
    Improvement(name="random_low_variance", sigma=0.05),
    Improvement(name="random_high_variance", sigma=0.3),
)
RATING_TESTS = (
    Improvement(name="increase_10_bps", step=0.1),
    Improvement(name="random_low_variance", spread=0.2),
    Improvement(name="random_high_variance", spread=0.8),
)


class BestOfferTreatment:
    """One listing of each shelf is cheapest, or best rated: a rational buyer takes that one.

    For shelves of copies of one product (`copies_of:` of the task). World k has test k modulo
    their number, so that all are met equally often.
    """

    class Config(Record):
        """Parameters; the default tests are those of the ACES rationality suite."""

        level: Literal["price", "rating"]
        tests: tuple[Improvement, ...] = ()
        """`[{name: half, factor: 0.5}, {name: cent, step: -1}, {name: random, sigma: 0.3}]`; of
        ratings `step` and `spread`. Empty: the suite's."""

        @model_validator(mode="after")
        def _declared(self) -> "BestOfferTreatment.Config":
            _declaration(self)
            return self

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns the tests as data."""
        return _declaration(self.config)


def _declaration(config: "BestOfferTreatment.Config") -> BestOffer:
    if config.level == "price":
        return BestOffer(level="price_cents", tests=config.tests or PRICE_TESTS)
    return BestOffer(level="rating", tests=config.tests or RATING_TESTS)
