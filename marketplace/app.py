"""The shop as a Flask application: a factory, no module state."""

from hashlib import blake2b
from pathlib import Path

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from marketplace.sessions import Sessions
from marketplace.views import Pictures, Shop
from marketplace.views.api import api, json_error
from marketplace.views.pages import error_page, pages
from marketplace.views.pictures import FOREVER
from marketplace.views.pictures import pictures as picture_pages

# Style attributes carry the grid's columns and the stars' width. They are the shop's own:
# seller text is escaped and never stands in one.
POLICY = (
    "default-src 'self'; img-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "script-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
)
MAX_BODY = 64 * 1024


def create_app(sessions: Sessions, pictures: Pictures) -> Flask:
    """Returns the shop's WSGI application.

    Args:
        sessions: Who may enter, and into which world.
        pictures: Where the products' pictures come from.
    """
    app = Flask("marketplace")
    app.extensions["shop"] = Shop(sessions, pictures)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.globals["static"] = _static_urls(Path(app.static_folder or ""))
    for blueprint in (pages, api, picture_pages):
        app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, _error)
    app.after_request(_guard)
    return app


def _guard(response: Response) -> Response:
    """Sets the headers that every answer carries; a page is never kept, a file always."""
    headers = response.headers
    headers.extend(HEADERS)
    if request.endpoint == "static":
        headers["Cache-Control"] = FOREVER
    elif "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    return response


def _error(error: HTTPException) -> Response:
    """Says what went wrong, as JSON below /api and as a page elsewhere."""
    status, message = error.code or 500, error.description or "Something went wrong."
    if request.path.startswith("/api/"):
        return json_error(status, message)
    return error_page(status, message)


def _static_urls(folder: Path) -> dict[str, str]:
    """File name -> its URL, which changes with the content so that it may be kept for ever."""
    return {
        file.name: f"/static/{file.name}?v={blake2b(file.read_bytes(), digest_size=6).hexdigest()}"
        for file in sorted(folder.iterdir())
    }
