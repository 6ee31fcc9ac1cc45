"""Asking a served model for one call, with one chance to mend an answer that is none."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from aces.errors import TrialError
from aces.llm.records import Purpose, Reply, Request
from aces.types import Observation
from agents.dialogue import vocabulary
from agents.dialogue.history import History
from agents.dialogue.replies import Call, read_call
from agents.dialogue.vocabulary import Verb
from agents.served import ServedSession

T = TypeVar("T")


class TalkingSession(ServedSession):
    """One trial with a model that answers in calls."""

    async def decide(
        self,
        history: History,
        observation: Observation,
        verbs: Sequence[Verb],
        meaning: Callable[[Call], T],
    ) -> T:
        """Returns what the model's answer to the page last looked at means.

        Args:
            history: The conversation, which goes on here.
            observation: That page.
            verbs: What it may do.
            meaning: From a sound call to what it means, or `TrialError` of cause `unparseable`.

        Raises:
            TrialError: `refusal`, or `unparseable` after one chance to mend it, or why there was
                no answer (`server`, `context`).
        """

        def understood(reply: Reply) -> T:
            try:
                return meaning(read_call(reply, verbs))
            except TrialError as mistake:
                self.spoil(mistake.cause, str(mistake))
                raise

        reply = await self._answer(history, observation, verbs, "act")
        try:
            return understood(reply)
        except TrialError as mistake:
            if mistake.cause != "unparseable":
                raise
            history.correct(correction(str(mistake)))
        return understood(await self._answer(history, observation, verbs, "repair"))

    async def _answer(
        self,
        history: History,
        observation: Observation,
        verbs: Sequence[Verb],
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
        reply = (await self.ask(request, step=observation.step, purpose=purpose)).reply
        if reply is None:  # ask() raises then
            raise TrialError("server", "no reply")
        history.answered(reply, [verb.name for verb in verbs])
        return reply


def correction(mistake: str) -> str:
    """Returns what a model is told of an answer that can't be used."""
    return f"Your answer can't be carried out: {mistake}. Answer again, with one action."
