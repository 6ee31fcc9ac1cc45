"""Takes the lowest price: the rational answer where products are otherwise alike."""

from aces.seeds import Stream
from aces.types import Task
from agents.buyers._errand import Errand


class CheapestBuyer:
    """Buys the cheapest listing; of equally cheap ones, the first."""

    def start(self, task: Task, stream: Stream) -> Errand:
        """Opens an errand."""
        return Errand(lambda shelf: min(shelf, key=lambda item: (item.price_cents, item.position)))

    def truth(self) -> None:
        """Returns nothing: it has no finite coefficients."""
