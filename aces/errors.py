"""The one error tree. A message says what was asked, found and allowed, and what to do."""

import difflib
from collections.abc import Iterable


class AcesError(Exception):
    """A fault with a message meant for people; the command line prints it without a traceback."""

    exit_status = 1


class UserError(AcesError):
    """What the user gave can't be used as it is (exit status 2)."""

    exit_status = 2


class SpecError(UserError):
    """An experiment file is wrong; the message names file, line and key."""


class CatalogError(UserError):
    """A catalogue can't be read, or does not hold what an experiment asks of it."""


class StoreError(UserError):
    """A run folder is missing, of another experiment, or can't be written."""


class BrowserError(AcesError):
    """No browser was found, or it could not be started."""


class BuyerError(AcesError):
    """A buyer broke its contract."""


class TrialError(AcesError):
    """A trial ended without an outcome.

    Args:
        cause: One word kept with the failed trial: `refusal`, `unparseable`, `browser`, `shop`, ...
        message: What happened.
    """

    def __init__(self, cause: str, message: str) -> None:
        super().__init__(message)
        self.cause = cause

    def __reduce__(self) -> tuple[type["TrialError"], tuple[str, str]]:
        return type(self), (self.cause, str(self))  # errors travel between processes


class ServerEndedError(AcesError):
    """A model server that ACES started has ended and is given up: no trial can go on."""


class EstimationError(AcesError):
    """A model can't be estimated from these data; the message names the columns at fault."""


class CollinearityError(EstimationError):
    """Columns are linear combinations of others within choice sets."""


class SeparationError(EstimationError):
    """A column predicts choices perfectly, so that its estimate is infinite."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Returns `; did you mean 'x'? Known: ...` for an error about the unknown name `word`."""
    names = sorted(known)
    match = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    hint = f"; did you mean '{match[0]}'?" if match else "."
    return f"{hint} Known: {', '.join(names) or 'none'}"
