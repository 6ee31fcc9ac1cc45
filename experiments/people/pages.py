"""The study's own pages around the shop: consent, the errand, one question, and the end."""

from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, make_response, redirect, render_template, request

from aces.types import Viewport
from experiments.people.desk import Desk, Errand, Participant

COOKIE = "aces_participant"
IDS = ("participant", "PROLIFIC_PID", "workerId", "id")
"""Names under which panels hand over who somebody is."""


def create_study(desk: Desk) -> Flask:
    """Returns the WSGI application of the study's pages, to be mounted at `/study`.

    Args:
        desk: Hands out the trials.
    """
    app = Flask("experiments.people", root_path=str(Path(__file__).parent))
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    _consent(app, desk)
    _errands(app, desk)
    return app


def _consent(app: Flask, desk: Desk) -> None:
    @app.get("/")
    def welcome() -> str:
        known_as = next((request.args[name] for name in IDS if request.args.get(name)), "")
        if desk.config is None:
            return render_template("end.html", code="")
        return render_template("consent.html", consent=desk.config.consent, known_as=known_as)

    @app.post("/join")
    def join() -> Any:  # noqa: ANN401
        person = desk.join(request.form.get("known_as", "")[:200])
        answer = redirect("errand", 303)
        answer.set_cookie(COOKIE, person.key, path="/study", httponly=True, samesite="Lax")
        return answer


def _errands(app: Flask, desk: Desk) -> None:
    @app.get("/errand")
    def errand() -> Any:  # noqa: ANN401
        person = _who(desk)
        if person is None:
            return redirect(".", 303)
        found = desk.errand(person)
        if found is None:
            person.thanked = True
            return render_template("end.html", code=_code(desk))
        if desk.bought(found):
            return _after(desk, person, found)
        return _page(desk, found)

    @app.get("/shop")
    def shop() -> Any:  # noqa: ANN401
        person = _who(desk)
        found = desk.errand(person) if person else None
        return redirect(f"/enter/{found.token}" if found else "errand", 303)

    @app.get("/status")
    def status() -> Response:
        person = _who(desk)
        found = person.errand if person else None
        return jsonify(ordered=found is None or desk.bought(found) is not None)

    @app.post("/answer")
    def answer() -> Any:  # noqa: ANN401
        person = _who(desk)
        if person is not None:
            desk.finish(person, answer=request.form.get("bought", "")[:100])
        return redirect("errand", 303)

    @app.post("/nothing")
    def nothing() -> Any:  # noqa: ANN401
        person = _who(desk)
        if person is not None:
            desk.finish(person, left=True)
        return redirect("errand", 303)


def _who(desk: Desk) -> Participant | None:
    return desk.participant(request.cookies.get(COOKIE, ""))


def _code(desk: Desk) -> str:
    return next((b.config.code for b in desk.buyers.values() if hasattr(b, "in_person")), "")


def _page(desk: Desk, errand: Errand) -> str:
    buyer = desk.buyers[errand.job.trial.buyer]
    text = buyer.instruction(desk.task(errand), desk.plan.catalog.currency)
    view: Viewport = desk.plan.spec.shelf.viewport
    return render_template(
        "errand.html", paragraphs=text.split("\n\n"), number=errand.number, view=view
    )


def _after(desk: Desk, person: Participant, errand: Errand) -> Any:  # noqa: ANN401
    """The question after an order, or, where none is asked, the next errand."""
    if not desk.buyers[errand.job.trial.buyer].config.attention:
        desk.finish(person)
        return redirect("errand", 303)
    world = desk.plan.world(errand.job.assignment)
    # in the order of the alphabet: neither the page's nor the catalogue's helps to guess
    listings = sorted(world.listings, key=lambda listing: listing.title)
    return make_response(render_template("question.html", listings=listings))
