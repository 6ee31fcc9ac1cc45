"""Pictures of products. Their names are digests of their content, so they never go stale."""

from flask import Blueprint, Response

from aces.errors import CatalogError
from marketplace.views import missing, shop

pictures = Blueprint("pictures", __name__)


@pictures.get("/pictures/<key>")
def picture(key: str) -> Response:
    """One picture; it tells nothing about any session, so it asks for none."""
    try:
        content, media_type = shop().pictures.picture(key)
    except (KeyError, CatalogError):
        missing("picture")
    return Response(content, mimetype=media_type)
