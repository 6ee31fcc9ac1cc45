"""Asks a served model about the shelf instead of letting it buy: does it see what is there?"""

import re
from collections.abc import Sequence
from typing import Literal

from pydantic import Field, JsonValue

from aces.errors import TrialError
from aces.money import minor_digits
from aces.seeds import Stream
from aces.types import Action, Observation, PerceivedListing, Record, Stop, Task
from agents.dialogue import vocabulary
from agents.dialogue.history import History
from agents.dialogue.naming import find_listing, folded, read_facts
from agents.dialogue.replies import Call
from agents.dialogue.talking import TalkingSession
from agents.dialogue.vocabulary import Argument, Verb
from agents.served import ServedBuyer, ServedConfig

Subject = Literal["price", "rating", "title", "badge"]

_ANSWER = Verb(
    name="answer",
    description="Answer the question.",
    arguments=(Argument(name="answer", kind="string", description="The answer, nothing else."),),
)
_NAMES = {"scarcity": "only a few left"}
"""Of marks that a shopper knows by other words than ours."""


class ComprehensionBuyer(ServedBuyer):
    """Asks one question about each page and leaves; the answer is kept beside the truth."""

    class Config(ServedConfig):
        """Parameters."""

        asks: tuple[Subject, ...] = Field(
            default=("price", "rating", "title", "badge"), min_length=1
        )
        """What about; each trial asks one of them, drawn."""

    config: Config

    def start(self, task: Task, stream: Stream) -> "ComprehensionSession":
        """Opens a conversation."""
        return ComprehensionSession(self, task, stream)


class Question(Record):
    """What is asked of a shelf, and what is right."""

    subject: Subject
    text: str
    truth: JsonValue
    about: str | None = None
    """Product, where it is about one."""


class ComprehensionSession(TalkingSession):
    """One question."""

    buyer: ComprehensionBuyer

    async def act(self, observation: Observation) -> Action:
        """Asks about the shelf, keeps what was answered in `reported`, and leaves.

        Raises:
            TrialError: As a buyer does; also `shop`, where there is no shelf to ask about.
        """
        self.check_sight(observation)
        if not observation.listings:
            raise TrialError("shop", f"there is no shelf on page '{observation.page}' to ask about")
        question = pose(self.buyer.config.asks, observation, self.stream.child("question"))
        history = self._opening(question, observation)
        history.look(observation)
        said = await self.decide(history, observation, (_ANSWER,), _said)
        right = is_right(question, said, observation.listings)
        self.reported = {
            "question": question.subject,
            "asked": question.text,
            "about": question.about,
            "answer": said,
            "truth": question.truth,
            "right": right,
        }
        return Stop(reason=f"comprehension: {'right' if right else 'wrong'}")

    def _opening(self, question: Question, observation: Observation) -> History:
        acting = vocabulary.acting(observation, (_ANSWER,), self.connection.speech)
        system = self.frame(observation, acting).system
        return History(system, f"{question.text}\n\n{acting}", keep_pages=1, turns=None)


def _said(call: Call) -> str:
    return str(call.arguments["answer"])


def pose(asks: Sequence[Subject], seen: Observation, stream: Stream) -> Question:
    """Returns a question about a shelf.

    Args:
        asks: What it may be about.
        seen: The shelf, with at least one listing.
        stream: Source of the choice.
    """
    subject = asks[int(stream.child("subject").uniform() * len(asks))]
    rated = [item for item in seen.listings if subject != "rating" or item.rating is not None]
    about = rated or list(seen.listings)
    item = about[int(stream.child("listing").uniform() * len(about))]
    if subject == "badge":
        return _badge_question(seen.listings, stream)
    text, truth = _asked(subject, item, seen)
    return Question(subject=subject, text=text, truth=truth, about=item.product_id)


def _asked(subject: Subject, item: PerceivedListing, seen: Observation) -> tuple[str, JsonValue]:
    """A question about one listing, which is named as the buyer would have to name it."""
    slot = f"in row {item.row}, column {item.col}"
    named = f'of "{item.title}"'
    if seen.pointing == "number" and item.number is not None:
        slot, named = f"with number {item.number}", f"of the product with number {item.number}"
    if subject == "title":
        return f"What is the title of the product {slot}?", item.title
    if subject == "rating":
        return f"What is the rating {named}?", item.rating
    price = item.price_cents / 10 ** minor_digits(item.currency)
    return f"What is the price {named}?", price


def _badge_question(shelf: Sequence[PerceivedListing], stream: Stream) -> Question:
    kinds = sorted({kind for item in shelf for kind in item.marks}) or ["sponsored"]
    kind = kinds[int(stream.child("badge").uniform() * len(kinds))]
    name = _NAMES.get(kind, kind.replace("_", " "))
    truth: list[JsonValue] = [item.product_id for item in shelf if kind in item.marks]
    text = (
        f'Which products carry the badge "{name}"? Give their titles, one on each line, or "none".'
    )
    return Question(subject="badge", text=text, truth=truth)


def is_right(question: Question, said: str, shelf: Sequence[PerceivedListing]) -> bool:
    """Returns whether an answer is what the shelf shows; the wording is free."""
    if question.subject == "badge":
        return _named(said, shelf) == set(_ids(question.truth))
    if question.subject == "title":
        return question.about in _named(said, shelf) and len(_named(said, shelf)) == 1
    value = read_facts({question.subject: said})[question.subject]
    return value == question.truth


def _ids(truth: JsonValue) -> list[str]:
    return [str(each) for each in truth] if isinstance(truth, list) else []


def _named(said: str, shelf: Sequence[PerceivedListing]) -> set[str]:
    """Products whose titles an answer holds: a line each, or within other words."""
    found: set[str] = set()
    for line in filter(None, (line.strip(" -*•\t") for line in re.split(r"\n|;", said))):
        try:
            found.add(find_listing(line, {}, shelf).product_id)
        except TrialError:  # no title by itself
            within = [item for item in shelf if folded(item.title) in folded(line)]
            longest = max((len(item.title) for item in within), default=0)
            found |= {item.product_id for item in within if len(item.title) == longest}
    return found
