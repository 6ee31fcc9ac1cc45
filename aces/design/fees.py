"""Fees on top of the price, and where they are told."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from aces.design.draws import Draw
from aces.design.table import Shares, alike, chance
from aces.seeds import Stream
from aces.types import FeeTold, Listing, Record


class FeeSettings(Record):
    """How fees are drawn: amounts, or shares of the catalogue's price, equally likely."""

    amounts: tuple[Annotated[int, Field(ge=0)], ...] = ()
    """In minor units: `[0, 200, 400]`."""
    shares: tuple[Annotated[float, Field(ge=0, le=10)], ...] = ()
    """Of the catalogue's price, whatever price is drawn: `[0, 0.1, 0.2]`."""
    told: tuple[FeeTold, ...] = ()
    """Where: `[upfront]`, `[checkout]`, or one of both drawn for each world. Empty: upfront, or as
    the page says (`fee_told`)."""

    @model_validator(mode="after")
    def _one_scale(self) -> Self:
        if bool(self.amounts) == bool(self.shares):
            raise ValueError("give either `amounts: [0, 300]` or `shares: [0, 0.1]`")
        if len(set(self.amounts or self.shares)) < len(self.amounts or self.shares):
            raise ValueError("the same fee is given twice")
        if len(set(self.told)) < len(self.told):
            raise ValueError("`told:` names the same place twice")
        return self


class Fees(FeeSettings):
    """Each listing's own fee, and for each world where all of them are told.

    Levels: `fee_cents`; with `told` also `fee_told`, and of two places `fee_late` (0/1), which is 1
    where fees are told at the checkout.
    """

    kind: Literal["fees"] = "fees"

    def levels(self) -> list[str]:
        """Returns every level it sets."""
        late = ["fee_late"] if len(self.told) > 1 else []
        return ["fee_cents", *(["fee_told"] if self.told else []), *late]

    def products_named(self) -> list[str]:
        """Returns no products."""
        return []

    def varied(self) -> list[str]:
        """Returns the fee, where it differs; where it is told is the same for a whole shelf."""
        return ["fee_cents"] if len(self.amounts or self.shares) > 1 else []

    def options(self, listings: Sequence[Listing]) -> list[list[Any]]:
        """Returns the fees of each listing; last, where there are two, the places."""
        each: list[list[Any]] = [self._fees(item) for item in listings]
        return [*each, list(self.told)] if len(self.told) > 1 else each

    def draw(self, listings: Sequence[Listing], k: int, stream: Stream) -> Draw:
        """Returns fees and place, each drawn by itself."""
        generator, options = stream.generator(), self.options(listings)
        chosen = [int(generator.integers(len(shown))) for shown in options]
        found = self.at(listings, chosen, alike(options))
        often = [
            chance(shown, option, share)
            for shown, option, share in zip(options, chosen, alike(options), strict=True)
        ]
        return replace(found, probability=float(np.prod(often)))

    def at(self, listings: Sequence[Listing], chosen: Sequence[int], shares: Shares) -> Draw:
        """Returns the levels at given options, and how often each is shown."""
        n, options = len(listings), self.options(listings)
        fees = [shown[option] for shown, option in zip(options[:n], chosen[:n], strict=True)]
        levels: dict[str, tuple[Any, ...]] = {"fee_cents": tuple(fees)}
        marginals = {"fee_cents": tuple(map(chance, options[:n], chosen[:n], shares[:n]))}
        if self.told:
            place = chosen[n] if len(self.told) > 1 else 0
            levels["fee_told"] = (self.told[place],) * n
        if len(self.told) > 1:
            levels["fee_late"] = (int(self.told[place] == "checkout"),) * n
            marginals["fee_told"] = marginals["fee_late"] = (shares[n][place],) * n
        return Draw(levels, marginals=marginals)

    def _fees(self, item: Listing) -> list[int]:
        if self.amounts:
            return list(self.amounts)
        exact = (Fraction(repr(share)) * item.price_cents for share in self.shares)
        return [int(fee + Fraction(1, 2)) for fee in exact]
