"""The shop as a Flask application: a factory, no module state."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from aces.catalog import Catalog
from aces.types import Mark
from marketplace.front import Front
from marketplace.sessions import Sessions
from marketplace.views import Pictures, Shop
from marketplace.views.api import api, json_error
from marketplace.views.dressing import CHOICES, dressing, may_dress
from marketplace.views.gallery import gallery as gallery_pages
from marketplace.views.machine import machine
from marketplace.views.pages import pages
from marketplace.views.pictures import pictures as picture_pages
from marketplace.views.product import products
from marketplace.views.purchase import purchase
from marketplace.views.rendering import POLICY, POLICY_NAME, error_page, register
from marketplace.views.watching import watching

GUARD = [
    (POLICY_NAME, POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
]
PAGE_HEADERS = [*GUARD, ("Cache-Control", "no-store")]
FILE_HEADERS = [*GUARD, ("Cache-Control", "public, max-age=31536000, immutable")]
FILES = ("/static/", "/pictures/")
MAX_BODY = 64 * 1024
MESSAGES = {404: "There is no such page in this shop.", 405: "That can't be done here."}
SORRY = "Something went wrong on our side."
NOTHING = Catalog("none", "USD", {}, {})


ROOMS = (
    *(pages, products, purchase, dressing, watching, gallery_pages, machine),
    *(api, picture_pages),
)


class Guarded(Flask):
    """Flask with headers on every answer: files may be kept for ever, all else never.

    They join the bare WSGI headers, which is cheaper than through Flask's.
    """

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers one request."""
        is_file = environ["PATH_INFO"].startswith(FILES)

        def start(
            status: str, headers: list[tuple[str, str]], *exc_info: object
        ) -> Callable[[bytes], object]:
            added = FILE_HEADERS if is_file and status.startswith("200") else PAGE_HEADERS
            kept = [header for header in headers if header[0] != "Cache-Control"]
            if any(name == POLICY_NAME for name, _ in kept):  # the page has one of its own
                added = added[1:]
            return start_response(status, kept + added, *exc_info)  # type: ignore[arg-type]

        return super().wsgi_app(environ, start)


def create_app(
    sessions: Sessions, pictures: Pictures | None = None, *, gallery: Sequence[Mark] = ()
) -> Flask:
    """Returns the shop's WSGI application.

    Args:
        sessions: Who may enter, and into which world.
        pictures: Where the products' pictures come from, where that is not the sessions'
            catalogue.
        gallery: Marks of an experiment, shown on `/gallery` beside the shop's own.
    """
    app = Guarded("marketplace")
    catalog = sessions.catalog
    app.extensions["shop"] = Shop(sessions, pictures or catalog or NOTHING)
    app.extensions["front"] = Front(catalog) if catalog else None
    app.extensions["gallery"] = tuple(gallery)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.globals["static"] = _static_urls(Path(app.static_folder or ""))
    app.jinja_env.globals["choices"] = CHOICES
    app.jinja_env.filters["may_dress"] = may_dress
    register(app)
    for blueprint in ROOMS:
        app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, _error)
    return app


def _error(error: HTTPException) -> Response:
    """Says what went wrong, as JSON below /api and as a page elsewhere."""
    status = error.code or 500
    own = error.description != type(error).description
    message = error.description if own else MESSAGES.get(status)
    say = json_error if request.path.startswith("/api/") else error_page
    answer = say(status, message or SORRY)
    if isinstance(error, MethodNotAllowed):
        answer.allow.update(error.valid_methods or ())
    return answer


def _static_urls(folder: Path) -> dict[str, str]:
    """File name -> its URL, which changes with the content so that it may be kept for ever."""
    return {
        file.name: f"/static/{file.name}?v={blake2b(file.read_bytes(), digest_size=6).hexdigest()}"
        for file in sorted(folder.iterdir())
    }
