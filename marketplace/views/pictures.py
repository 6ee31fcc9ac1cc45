"""Pictures of products. Their names are digests of their content, so they never go stale."""

from flask import Blueprint, Response, abort, request

from aces.errors import CatalogError
from marketplace.views import missing, shop

pictures = Blueprint("pictures", __name__)

UNINVITED = "The shop is open to invited shoppers only."


@pictures.get("/pictures/<key>")
def picture(key: str) -> Response:
    """One picture; it tells nothing about any session, so it asks for none."""
    try:
        content, media_type = shop().pictures.picture(key)
    except (KeyError, CatalogError):
        missing("picture")
    return Response(content, mimetype=media_type)


@pictures.get("/stored-screenshot")
def stored_screenshot() -> Response:
    """The screenshot that a source stored of the shelf in the session of a bearer token."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    session = shop().sessions.get(token) if scheme.lower() == "bearer" else None
    if session is None:
        abort(401, UNINVITED)
    if not session.world.screenshot:
        missing("stored screenshot")
    return picture(session.world.screenshot)
