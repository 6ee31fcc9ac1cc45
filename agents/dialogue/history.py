"""The conversation of one trial, as messages for the next request."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from aces.llm.records import Message, Picture, Reply, ToolCall
from aces.types import Observation
from agents.dialogue.replies import holds_object

NO_LONGER_SHOWN = "(An earlier page, no longer shown.)"
_LONGEST_ANSWER = 4000
"""Characters of an unusable answer that are kept in the conversation."""


def page_parts(observation: Observation) -> tuple[str | Picture, ...]:
    """Returns the page as parts of a message: the picture, the text, or both."""
    parts: list[str | Picture] = []
    if observation.screenshot is not None:
        parts.append(Picture(data=observation.screenshot, media_type=observation.image_type))
    if observation.text is not None:
        parts.append(f"The page:\n\n{observation.text}")
    return tuple(parts)


@dataclass(slots=True)
class _Turn:
    """One page and what was said about it."""

    page: tuple[str | Picture, ...]
    note: str = ""
    """What is said before it."""
    failed: bool = False
    """Whether the action before could not be carried out."""
    said: list[Message] = field(default_factory=list)


class History:
    """All turns of a trial, of which the model is given the last ones.

    Args:
        system: What comes before everything else.
        instruction: The errand; it goes with the first page that is given.
        keep_pages: How many pages stay; a line stands for an older one.
        turns: How many turns are given; None: all.
    """

    def __init__(
        self, system: str, instruction: str, *, keep_pages: int, turns: int | None
    ) -> None:
        self._system = system
        self._instruction = instruction
        self._keep_pages = keep_pages
        self._limit = turns or 0
        self._turns: list[_Turn] = []

    def look(self, observation: Observation, note: str = "") -> None:
        """Opens a turn with a new page."""
        self._turns.append(_Turn(page_parts(observation), note, observation.error is not None))

    def answered(self, reply: Reply, names: Sequence[str]) -> None:
        """Adds the model's answer; as text where it is no call that a server would take back."""
        self._turns[-1].said.append(_assistant(reply, names))

    def correct(self, mistake: str) -> None:
        """Tells the model what was wrong with its answer."""
        said = self._turns[-1].said
        answers = [_result(call, mistake) for call in said[-1].calls]
        said += answers or [Message(role="user", parts=(mistake,))]

    def messages(self) -> tuple[Message, ...]:
        """Returns the conversation so far."""
        given = self._turns[-self._limit :]
        found = [Message(role="system", parts=(self._system,))] if self._system else []
        for i, turn in enumerate(given):
            if i:
                before = given[i - 1].said[-1]
                done = "That could not be done." if turn.failed else "Done."
                found += [_result(call, done) for call in before.calls]
            found.append(self._page(turn, first=i == 0, shown=len(given) - i <= self._keep_pages))
            found += turn.said
        return tuple(found)

    def _page(self, turn: _Turn, *, first: bool, shown: bool) -> Message:
        # the picture before the words: servers can then use what they have computed for it again
        parts = turn.page if shown else (NO_LONGER_SHOWN,)
        notes = (turn.note,) if turn.note else ()
        instruction = (self._instruction,) if first else ()
        return Message(role="user", parts=(*notes, *parts, *instruction))


def _result(call: ToolCall, text: str) -> Message:
    return Message(role="tool", parts=(text,), answers=call.id)


def _assistant(reply: Reply, names: Sequence[str]) -> Message:
    """The model's answer as the next request can carry it."""
    text = reply.text.strip()
    sound = all(
        call.id and call.name in names and holds_object(call.arguments) for call in reply.calls
    )
    if reply.calls and sound:
        return Message(role="assistant", parts=(text,) if text else (), calls=reply.calls)
    written = [f"{call.name}({call.arguments})" for call in reply.calls]
    answer = "\n".join(filter(None, [text, *written])) or "(nothing)"
    return Message(role="assistant", parts=(answer[:_LONGEST_ANSWER],))
