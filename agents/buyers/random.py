"""Chooses blindly: the null against which every effect must vanish."""

from aces.seeds import Stream
from aces.types import PerceivedListing, Record, Task
from agents.buyers._errand import Errand


class RandomBuyer:
    """Buys each listing of the shelf with equal probability, or leaves."""

    class Config(Record):
        """Parameters."""

        leave: bool = False
        """Whether leaving without buying is one more equally likely choice."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def start(self, task: Task, stream: Stream) -> Errand:
        """Opens an errand."""

        def choose(shelf: tuple[PerceivedListing, ...]) -> PerceivedListing | None:
            options = [*sorted(shelf, key=lambda item: item.product_id)]
            index = int(stream.uniform() * (len(options) + self.config.leave))
            return options[index] if index < len(options) else None

        return Errand(choose)

    def truth(self) -> dict[str, float]:
        """Returns no coefficients, which plants a zero for every term."""
        return {}
