"""A vision-language model that looks at the shop and buys, in one decision or step by step."""

from pydantic import Field

from aces.errors import TrialError
from aces.llm.records import Purpose, Reply, Request
from aces.seeds import Stream
from aces.types import Action, Observation, PerceivedListing, Task
from agents.dialogue import vocabulary
from agents.dialogue.history import History
from agents.dialogue.meaning import Coordinates, Sight, reported, to_action
from agents.dialogue.replies import Call, read_call
from agents.dialogue.vocabulary import Verb
from agents.served import ServedBuyer, ServedConfig, ServedSession


class VlmBuyer(ServedBuyer):
    """A served model that is shown the shop and acts; it sees what the interface shows alone."""

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


class VlmSession(ServedSession):
    """One trial: page, answer, action, and one chance to mend an answer that is no action."""

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
        verbs = vocabulary.verbs(
            observation.mode, observation.pointing, may_leave=self.buyer.config.may_leave
        )
        if self._history is None:
            self._history = self._opening(observation, verbs)
        history = self._history
        history.look(observation, self._note(observation))
        reply = await self._answer(observation, verbs, history, "act")
        try:
            return self._understand(reply, observation, verbs)
        except TrialError as mistake:
            self.spoil(mistake.cause, str(mistake))
            if mistake.cause != "unparseable":
                raise
            history.correct(self._correction(mistake))
        reply = await self._answer(observation, verbs, history, "repair")
        try:
            return self._understand(reply, observation, verbs)
        except TrialError as mistake:
            self.spoil(mistake.cause, str(mistake))
            raise

    def _opening(self, observation: Observation, verbs: tuple[Verb, ...]) -> History:
        """The conversation before its first page."""
        task, config = self.task, self.buyer.config
        currency = next((item.currency for item in observation.listings), "USD")
        said = self.buyer.prompt(task).render(
            task,
            persona=self.buyer.persona(task),
            acting=self._acting(observation, verbs),
            currency=currency,
        )
        return History(
            said.system, said.instruction, keep_pages=config.keep_pages, turns=config.history
        )

    def _acting(self, observation: Observation, verbs: tuple[Verb, ...]) -> str:
        words = vocabulary.acting(observation, verbs, self.connection.speech)
        if observation.pointing == "point" and self.buyer.config.coordinates == "thousandths":
            words += " Count x and y from 0 to 1000 along each side of the picture."
        return words

    def _note(self, observation: Observation) -> str:
        """What goes before a page: why the last action failed, and the step where it is told."""
        failed = f"That could not be done: {observation.error}" if observation.error else ""
        step = f"Step {observation.step}." if self.buyer.config.count_steps else ""
        return " ".join(filter(None, [step, failed]))

    @staticmethod
    def _correction(mistake: TrialError) -> str:
        return f"Your answer can't be carried out: {mistake}. Answer again, with one action."

    async def _answer(
        self,
        observation: Observation,
        verbs: tuple[Verb, ...],
        history: History,
        purpose: Purpose,
    ) -> Reply:
        speech, config = self.connection.speech, self.buyer.config
        request = Request(
            model=config.model,
            messages=history.messages(),
            sampling=config.sampling,
            tools=vocabulary.tools(verbs) if speech == "tools" else (),
            must_call=speech == "tools",
            answer_schema=vocabulary.schema(verbs) if speech == "schema" else None,
        )
        exchange = await self.ask(request, step=observation.step, purpose=purpose)
        assert exchange.reply is not None  # ask() raises otherwise
        history.answered(exchange.reply, [verb.name for verb in verbs])
        return exchange.reply

    def _understand(
        self, reply: Reply, observation: Observation, verbs: tuple[Verb, ...]
    ) -> Action:
        call: Call = read_call(reply, verbs)
        sight = Sight(observation, tuple(self._seen.values()), self.buyer.config.coordinates)
        action = to_action(call, sight)
        self.reported = reported(call) or self.reported
        return action
