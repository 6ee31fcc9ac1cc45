"""Listings that are alike but for their price, on a ladder of gaps."""

from aces.design import Declaration, Ladder, Rungs


class PriceLadderTreatment:
    """One listing at a reference price, the others dearer by 0 to 50 %, slots balanced.

    For shelves of copies of one product (`copies_of:` of the task); it sets positions too. With
    `screen:` the first worlds of each task tell who takes one slot whatever it costs.
    """

    class Config(Rungs):
        """Parameters."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def declare(self) -> Declaration:
        """Returns the ladder as data."""
        return Ladder(**self.config.model_dump())
