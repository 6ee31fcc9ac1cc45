"""How the shop looks, chosen by a person who browses it; trials have no such page."""

from typing import get_args

from flask import Blueprint, request
from werkzeug.wrappers import Response as AnyResponse

from aces.types import World
from marketplace.views import missing
from marketplace.views.rendering import THEMES, see_other, visitor

dressing = Blueprint("dressing", __name__)

CHOICES: dict[str, tuple[str, ...]] = {
    "theme": THEMES,
    **{
        name: get_args(World.model_fields[name].annotation)
        for name in ("density", "layout", "scheme")
    },
}
"""Setting of a world -> what a person may choose."""


def may_dress(world: World | None) -> bool:
    """Returns whether the shopper of a world may change how it looks: nobody in a trial may."""
    return world is not None and world.id == "browse"


@dressing.post("/look")
def change() -> AnyResponse:
    """Changes the look of this visit and goes back to the page it was changed on."""
    session = visitor()
    if not may_dress(session.world):
        missing("page")
    wanted = {name: request.form.get(name) for name in CHOICES}
    changes: dict[str, object] = {
        name: value for name, value in wanted.items() if value in CHOICES[name]
    }
    if changes.get("layout"):
        changes["columns"] = 1 if changes["layout"] == "list" else 4
    session.world = session.world.model_copy(update=changes)
    back = request.form.get("back", "/")
    local = back.startswith("/") and not back.startswith(("//", "/\\"))
    return see_other(back if local else "/")
