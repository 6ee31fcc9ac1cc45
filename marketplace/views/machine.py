"""What programs look for first: `robots.txt` and `llms.txt`. The same in every world."""

from flask import Blueprint, Response, render_template

from marketplace.views import NAME

machine = Blueprint("machine", __name__)

ROBOTS = """\
User-agent: *
Allow: /
Disallow: /cart
Disallow: /checkout
Disallow: /orders
"""


@machine.get("/robots.txt")
def robots() -> Response:
    """Where programs may go."""
    return _text(ROBOTS)


@machine.get("/llms.txt")
def llms() -> Response:
    """What the shop is, for a language model."""
    return _text(render_template("llms.txt", shop=NAME))


def _text(content: str) -> Response:
    return Response(content, content_type="text/plain; charset=utf-8")
