"""A model that answers with a letter, so that its choice probabilities can be read."""

from pydantic import field_validator

from aces.errors import BuyerError, TrialError, UserError
from aces.llm.records import Abilities, Message, Request, Sampling, Speech
from aces.seeds import Stream
from aces.stats.labels import LABELS, cyclic_shifts
from aces.types import Action, AddToCart, Observation, Stop, Task
from agents import forced
from agents.dialogue.history import page_parts
from agents.dialogue.vocabulary import shown
from agents.served import ServedBuyer, ServedConfig, ServedSession


class ForcedChoiceBuyer(ServedBuyer):
    """A served model that names its choice by a letter; stores the probability of every listing.

    A choice made at once is another estimand than a purchase after reasoning: the shipped
    experiment `bridge` compares the two.
    """

    class Config(ServedConfig):
        """Parameters."""

        @field_validator("sampling")
        @classmethod
        def _plain(cls, sampling: Sampling) -> Sampling:
            if sampling.temperature == 0 or sampling.top_p not in (None, 1.0):
                raise ValueError(
                    "forced_choice reads the model's own probabilities: the temperature must be "
                    "above 0, and `top_p` 1 or left out"
                )
            return sampling

    config: Config

    def settle(self, abilities: Abilities) -> Speech:
        """Returns that it talks in plain text.

        Raises:
            UserError: If the server gives no log-probabilities.
        """
        if abilities.logprobs < 1:
            why = abilities.reasons.get("logprobs", "the probe found none")
            raise UserError(
                f"{self.config.model}: buyer forced_choice reads log-probabilities, which its "
                f"server does not give ({why}). Serve the model with vLLM, or use buyer vlm, "
                "whose purchases are drawn"
            )
        return "text"

    def start(self, task: Task, stream: Stream) -> "ForcedChoiceSession":
        """Opens a session in which one choice is made."""
        return ForcedChoiceSession(self, task, stream)


class ForcedChoiceSession(ServedSession):
    """One trial: the same question under every shift of the labels, then a purchase by chance."""

    buyer: ForcedChoiceBuyer

    async def act(self, observation: Observation) -> Action:
        """Returns the purchase, drawn by the trial's stream from the model's probabilities.

        Raises:
            BuyerError: If it is to walk through the shop, or there are too many listings.
            TrialError: If there is nothing to choose from, or an answer says nothing of the labels.
        """
        self._check(observation)
        words = forced.options(observation, may_leave=self.buyer.config.may_leave)
        forced.enough_letters(len(words), self.connection.abilities.logprobs)
        read = await self._read(observation, words)
        self._keep(observation, read)
        return self._draw(observation, read.probability)

    async def _read(self, observation: Observation, words: list[str]) -> forced.ShiftedChoice:
        """Asks under every shift.

        Where answers are held to the labels, servers give the probabilities that are left after
        that: one more question, free, finds the mass that labels have by themselves.
        """
        held = self.connection.abilities.forced_choice
        shifts = cyclic_shifts(len(words)).tolist()
        requests = [self._request(observation, words, shift, held=held) for shift in shifts]
        if held:
            requests.append(self._request(observation, words, shifts[0], held=False))
        before = len(self.exchanges)
        found = await self.ask_all(requests, step=observation.step, purpose="probability")
        try:
            read = forced.read_shifts(
                found[: len(shifts)], shifts, temperature=self.buyer.config.sampling.temperature
            )
        except forced.UnreadableError as error:
            self.spoil_at(before + error.shift, error.cause, str(error))
            raise
        if held:
            read = read.model_copy(update={"masses": (forced.free_mass(found[-1], len(words)),)})
        return read

    def _check(self, observation: Observation) -> None:
        if observation.mode != "one_decision":
            raise BuyerError("forced_choice decides once: its interface needs mode: one_decision")
        if self.probability is not None:
            raise TrialError("shop", f"the purchase could not be made: {observation.error}")
        if not observation.listings:
            raise TrialError("shop", "there is no listing to choose from")
        self.check_sight(observation)

    def _request(
        self, observation: Observation, words: list[str], shift: list[int], *, held: bool
    ) -> Request:
        """The question under one shift; what comes before the options is the same in all."""
        config, task = self.buyer.config, self.task
        said = self.buyer.prompt(task).render(
            task,
            persona=self.buyer.persona(task),
            acting=f"{shown(observation)} {forced.HOW}\n{forced.lines(words, shift)}",
            currency=next(item.currency for item in observation.listings),
        )
        system = (Message(role="system", parts=(said.system,)),) if said.system else ()
        asked = Message(role="user", parts=(*page_parts(observation), said.instruction))
        # the temperature is applied to what is read: servers differ in whether they do so
        plain = {"temperature": 1.0, "top_p": None, "max_tokens": 1}
        return Request(
            model=config.model,
            messages=(*system, asked),
            sampling=config.sampling.model_copy(update=plain),
            choices=LABELS[: len(words)] if held else (),
            top_logprobs=self.connection.abilities.logprobs,
        )

    def _keep(self, observation: Observation, read: forced.ShiftedChoice) -> None:
        """Notes the probabilities, and how much of them was seen."""
        listings = observation.listings
        self.probability = {
            item.product_id: p for item, p in zip(listings, read.probability, strict=False)
        }
        self.reported = {
            "labels": len(read.probability),
            "label_mass_min": min(read.masses),
            "label_mass_mean": sum(read.masses) / len(read.masses),
            "labels_truncated": read.truncated,
        }
        if len(read.probability) > len(listings):
            self.reported["leave_probability"] = read.probability[-1]

    def _draw(self, observation: Observation, probability: tuple[float, ...]) -> Action:
        left = self.stream.child("purchase").uniform()
        for item, p in zip(observation.listings, probability, strict=False):
            left -= p
            if left < 0:
                return AddToCart(product_id=item.product_id)
        if len(probability) > len(observation.listings):
            return Stop(reason="left without buying, as the draw from its probabilities fell")
        return AddToCart(product_id=observation.listings[-1].product_id)  # rounding
