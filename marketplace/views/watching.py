"""What a person's own browser reports of its window, in worlds that ask for it.

Buyers that we drive are watched from outside, by their interface; pages need no script for that.
"""

import json
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, abort, request

from aces.pages import page_of
from marketplace.sessions import Session
from marketplace.views import missing
from marketplace.views.rendering import visitor

watching = Blueprint("watching", __name__)

LONGEST_S = 24 * 3600.0


@watching.post("/seen")
def seen() -> Response:
    """Logs which listings lay in the window, for how long, and how far was scrolled."""
    session = visitor()
    if not session.world.watch:
        missing("page")
    try:
        told = json.loads(request.get_data(as_text=True))
        path, listings = told["path"], told["listings"]
        _log(session, str(path), dict(listings), _number(told["seconds"]), _number(told["deepest"]))
    except (ValueError, TypeError, KeyError):
        abort(400, "This is no report of a window.")
    return Response(status=HTTPStatus.NO_CONTENT)


def _log(
    session: Session, path: str, listings: dict[str, Any], seconds: float, deepest: float
) -> None:
    page = page_of(path)
    shown = {i: _number(s) for i, s in listings.items() if session.listing(i) is not None}
    session.log("viewport", page, listings=list(shown), each=list(shown.values()), seconds=seconds)
    if deepest > 0:
        session.log("scroll", page, pixels=int(deepest))


def _number(value: object) -> float:
    """A number of seconds or pixels within reason."""
    number = float(value)  # type: ignore[arg-type]
    if not 0 <= number <= LONGEST_S:
        raise ValueError(value)
    return round(number, 3)
