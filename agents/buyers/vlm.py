"""A vision-language model that looks at the shop and buys, in one decision or step by step."""

from pydantic import Field

from aces.seeds import Stream
from aces.types import Action, Observation, PerceivedListing, Task
from agents.actions import Coordinates, Sight, reported, to_action
from agents.dialogue import vocabulary
from agents.dialogue.history import History
from agents.dialogue.replies import Call
from agents.dialogue.talking import TalkingSession
from agents.dialogue.vocabulary import Verb
from agents.served import ServedBuyer, ServedConfig


class VlmBuyer(ServedBuyer):
    """A served model that is shown the shop and acts, from what the interface shows alone."""

    class Config(ServedConfig):
        """Parameters."""

        coordinates: Coordinates = "pixels"
        """How the model counts points of a picture: its pixels, or 0 to 1000 along each side."""
        keep_pages: int = Field(default=2, ge=1)
        """Pages (pictures or texts) that stay in the conversation; older ones are left out."""
        history: int | None = Field(default=None, ge=1)
        """Turns of the conversation that are given; not given: all."""
        count_steps: bool = False
        """Whether it is told the number of the step."""

    config: Config

    def start(self, task: Task, stream: Stream) -> "VlmSession":
        """Opens a conversation about an errand."""
        return VlmSession(self, task, stream)


class VlmSession(TalkingSession):
    """One trial: a page, an answer, an action."""

    buyer: VlmBuyer

    def __init__(self, buyer: VlmBuyer, task: Task, stream: Stream) -> None:
        super().__init__(buyer, task, stream)
        self._history: History | None = None
        self._seen: dict[str, PerceivedListing] = {}

    async def act(self, observation: Observation) -> Action:
        """Returns what the model decides on seeing a page.

        Raises:
            TrialError: `refusal`, or `unparseable` after one chance to mend it, or why there was
                no answer (`server`, `context`).
        """
        self.check_sight(observation)
        self._seen |= {item.product_id: item for item in observation.listings}
        config = self.buyer.config
        verbs = vocabulary.verbs(observation.mode, observation.pointing, may_leave=config.may_leave)
        if self._history is None:
            self._history = self._opening(observation, verbs)
        self._history.look(observation, self._note(observation))
        sight = Sight(observation, tuple(self._seen.values()), config.coordinates)

        def meaning(call: Call) -> Action:
            action = to_action(call, sight)
            self.reported = reported(call) or self.reported
            return action

        return await self.decide(self._history, observation, verbs, meaning)

    def _opening(self, observation: Observation, verbs: tuple[Verb, ...]) -> History:
        """The conversation before its first page."""
        config = self.buyer.config
        acting = vocabulary.acting(observation, verbs, self.connection.speech)
        if observation.pointing == "point" and config.coordinates == "thousandths":
            acting += " Count x and y from 0 to 1000 along each side of the picture."
        said = self.frame(observation, acting)
        return History(
            said.system, said.instruction, keep_pages=config.keep_pages, turns=config.history
        )

    def _note(self, observation: Observation) -> str:
        """What goes before a page: the step where it is told, and why the last action failed."""
        failed = f"That could not be done: {observation.error}." if observation.error else ""
        step = f"Step {observation.step}." if self.buyer.config.count_steps else ""
        return " ".join(filter(None, [step, failed]))
