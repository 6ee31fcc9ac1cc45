"""A forced choice among labels: the question, and the probabilities in the answers.

The listings stand in the order of the page in every question, and so does everything else; what
moves from question to question is which letter stands for which of them.
"""

from collections.abc import Sequence

import numpy as np

from aces.errors import BuyerError, EstimationError, TrialError
from aces.llm.records import Exchange
from aces.stats.labels import (
    LABELS,
    Floats,
    LabelReading,
    combine_shifts,
    label_mass,
    read_labels,
)
from aces.types import Observation, PerceivedListing, Record

LEAVE = "leave the shop without buying"

HOW = "Answer with the letter of your choice alone, and with nothing before or after it:"


class ShiftedChoice(Record):
    """What was read from the answers to all shifts.

    Attributes:
        probability: Of each option, in the order of the question; they sum to 1.
        masses: Probability of all labels together in each answer; what is missing from 1 went to
            answers that are no label.
        truncated: Labels of all shifts that the server did not list, and whose probability is
            therefore an upper bound.
    """

    probability: tuple[float, ...]
    masses: tuple[float, ...]
    truncated: int


def options(observation: Observation, *, may_leave: bool) -> list[str]:
    """Returns what can be chosen, in words and in the order of the page.

    Args:
        observation: The page.
        may_leave: Whether leaving without buying is one more option, the last.
    """
    by_number = observation.pointing == "number"
    found = [_option(item, by_number=by_number) for item in observation.listings]
    return [*found, LEAVE] if may_leave else found


def _option(item: PerceivedListing, *, by_number: bool) -> str:
    if by_number and item.number is not None:
        return f"number {item.number}"
    return f"row {item.row}, column {item.col}: {item.title}"


def lines(words: Sequence[str], labels: Sequence[int]) -> str:
    """Returns the options under their labels, `B: row 1, column 1: ...`, a line each.

    Args:
        words: The options.
        labels: Index of each option's label.
    """
    return "\n".join(f"{LABELS[k]}: {text}" for k, text in zip(labels, words, strict=True))


def enough_letters(count: int, logprobs: int) -> None:
    """Does nothing where so many options can be told apart by one token.

    Raises:
        BuyerError: If there are more of them than letters.
        TrialError: `server`, if there are more of them than log-probabilities.
    """
    many = f"{count} options are too many for a forced choice"
    if count > len(LABELS):
        raise BuyerError(f"{many}: there are {len(LABELS)} letters")
    if count > logprobs:
        raise TrialError(
            "server",
            f"{many}: its server gives {logprobs} log-probabilities at a token (vLLM: "
            "--max-logprobs)",
        )


def read_shifts(
    exchanges: Sequence[Exchange], shifts: Sequence[Sequence[int]], *, temperature: float
) -> ShiftedChoice:
    """Returns the choice probabilities in the answers to all shifts.

    Args:
        exchanges: By shift, each with a reply.
        shifts: (shifts, options) index of each option's label.
        temperature: At which purchases are drawn.

    Raises:
        UnreadableError: If an answer says nothing of the labels, with its number.
    """
    labels = LABELS[: len(shifts[0])]
    read = [_read(n, exchange, labels) for n, exchange in enumerate(exchanges)]
    placed: Floats = np.stack(
        [one.log_probability[list(shift)] for one, shift in zip(read, shifts, strict=True)]
    )
    return ShiftedChoice(
        probability=tuple(combine_shifts(placed, temperature=temperature).tolist()),
        masses=tuple(one.mass for one in read),
        truncated=sum(int(one.truncated.sum()) for one in read),
    )


def free_mass(exchange: Exchange, count: int) -> float:
    """Returns the probability of so many labels together in an answer that was not held to them."""
    reply = exchange.reply
    listed = reply.logprobs[0] if reply is not None and reply.logprobs else {}
    return label_mass(listed, LABELS[:count], exchange.request.top_logprobs)


class UnreadableError(TrialError):
    """An answer that says nothing of the labels.

    Args:
        cause: `unparseable` or `refusal`.
        message: What is wrong with it.
        shift: Which answer it is.
    """

    def __init__(self, cause: str, message: str, shift: int) -> None:
        super().__init__(cause, message)
        self.shift = shift

    def __reduce__(self) -> tuple[type["UnreadableError"], tuple[str, str, int]]:  # type: ignore[override]
        return type(self), (self.cause, str(self), self.shift)


def _read(n: int, exchange: Exchange, labels: Sequence[str]) -> LabelReading:
    reply = exchange.reply
    assert reply is not None  # ask_all() raises otherwise
    if reply.refusal:
        raise UnreadableError("refusal", reply.refusal, n)
    if not reply.logprobs:
        raise UnreadableError("unparseable", "the answer came without log-probabilities", n)
    try:
        return read_labels(reply.logprobs[0], labels, exchange.request.top_logprobs)
    except EstimationError as error:
        raise UnreadableError("unparseable", str(error), n) from error
