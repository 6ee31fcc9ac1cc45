"""Takes the first slot, always: the adversary of every position test."""

from aces.seeds import Stream
from aces.types import Task
from agents.buyers._errand import Errand


class FirstBuyer:
    """Buys whatever stands in the first slot."""

    def start(self, task: Task, stream: Stream) -> Errand:
        """Opens an errand."""
        return Errand(lambda shelf: min(shelf, key=lambda item: item.position))

    def truth(self) -> None:
        """Returns nothing: it has no finite coefficients."""
