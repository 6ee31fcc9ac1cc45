"""Plays a list of actions: for tests, demonstrations and recorded journeys."""

from aces.seeds import Stream
from aces.types import Action, Observation, Record, Stop, Task


class ScriptedBuyer:
    """Does what it is told, step by step, then stops."""

    class Config(Record):
        """Parameters."""

        actions: tuple[Action, ...] = ()
        """`[{type: open_listing, product_id: ...}, {type: back}, ...]`"""

    def __init__(self, config: Config) -> None:
        self.config = config

    def start(self, task: Task, stream: Stream) -> "_Script":
        """Opens a session at the first action."""
        return _Script(self.config.actions)

    def truth(self) -> None:
        """Returns nothing: a script has no preferences."""


class _Script:
    def __init__(self, actions: tuple[Action, ...]) -> None:
        self._actions = iter(actions)

    async def act(self, observation: Observation) -> Action:
        """Returns the next action of the script."""
        return next(self._actions, Stop(reason="the script is over"))
