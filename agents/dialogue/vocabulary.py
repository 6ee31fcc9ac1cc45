"""What a model may do, by mode and way of pointing, said as tools, as a schema and in words."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import JsonValue

from aces.llm.records import Speech, Tool
from aces.types import Mode, Observation, Pointing, Record

Kind = Literal["string", "integer", "number", "boolean"]


class Argument(Record):
    """Something that belongs to an act."""

    name: str
    kind: Kind
    description: str
    needed: bool = True
    """Whether there is no act without it; others are asked for, but may be missing."""
    among: tuple[str, ...] = ()
    """The only values, where not empty."""


class Verb(Record):
    """Something that a model may do."""

    name: str
    description: str
    arguments: tuple[Argument, ...] = ()

    def parameters(self) -> dict[str, JsonValue]:
        """Returns the JSON schema of the arguments; all are asked for."""
        return {
            "type": "object",
            "properties": {each.name: _property(each) for each in self.arguments},
            "required": [each.name for each in self.arguments],
            "additionalProperties": False,
        }


def _property(argument: Argument) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {"type": argument.kind, "description": argument.description}
    if argument.among:
        found["enum"] = list(argument.among)
    return found


_TITLE = Argument(name="title", kind="string", description="Title of the product, as shown.")
_NUMBER = Argument(name="number", kind="integer", description="The number drawn on it.")
_REASON = Argument(name="reason", kind="string", description="Why.", needed=False)
_READ = (
    Argument(name="price", kind="string", description="Its price, as shown.", needed=False),
    Argument(
        name="rating",
        kind="string",
        description="Its rating, as shown; empty if none is.",
        needed=False,
    ),
    Argument(
        name="review_count",
        kind="string",
        description="Its number of reviews, as shown; empty if none is.",
        needed=False,
    ),
)
_TEXT = Argument(name="text", kind="string", description="What to type.")
_SUBMIT = Argument(
    name="submit",
    kind="boolean",
    description="Whether to press Enter after it.",
    needed=False,
)
_FIELD = Argument(
    name="field",
    kind="string",
    description="Name of the field; empty for the search box.",
    needed=False,
)
_X = Argument(name="x", kind="number", description="How far from the left edge of the picture.")
_Y = Argument(name="y", kind="number", description="How far from the top edge of the picture.")

_SCROLL = Verb(
    name="scroll",
    description="Scroll the page.",
    arguments=(
        Argument(name="direction", kind="string", description="Up or down.", among=("down", "up")),
    ),
)
_BACK = Verb(name="back", description="Go back one page.")
_LEAVE = Verb(
    name="leave",
    description="Leave the shop without buying.",
    arguments=(_REASON.model_copy(update={"needed": True}),),
)
_CLICKS: Mapping[Pointing, Verb] = {
    "point": Verb(name="click", description="Click a point of the picture.", arguments=(_X, _Y)),
    "number": Verb(name="click", description="Click what carries a number.", arguments=(_NUMBER,)),
    "name": Verb(
        name="click",
        description="Click a link or a button.",
        arguments=(
            Argument(name="target", kind="string", description="Its name, as on the page."),
        ),
    ),
}
_FIELDS: Mapping[Pointing, tuple[Argument, ...]] = {
    "point": (),
    "number": (_NUMBER.model_copy(update={"description": "The number drawn on the field."}),),
    "name": (_FIELD,),
}


def verbs(mode: Mode, pointing: Pointing, *, may_leave: bool = True) -> tuple[Verb, ...]:
    """Returns what a model may do.

    Args:
        mode: One decision on one page, or a walk through the shop.
        pointing: How it says what it means.
        may_leave: Whether it may decide not to buy.
    """
    leave = (_LEAVE,) if may_leave else ()
    if mode == "one_decision":
        return (_purchase(pointing), *leave)
    typing = Verb(
        name="type",
        description="Type into a field." if _FIELDS[pointing] else "Type into the search box.",
        arguments=(*_FIELDS[pointing], _TEXT, _SUBMIT),
    )
    walk = (_CLICKS[pointing], typing, _SCROLL, _BACK)
    if pointing != "name":
        return (*walk, *leave)
    named = (
        Verb(name="open_listing", description="Open the page of a product.", arguments=(_TITLE,)),
        _purchase(pointing).model_copy(
            update={"description": "Put one unit of a product into the cart."}
        ),
    )
    check_out = Verb(name="check_out", description="Order what is in the cart.")
    return (*named, *walk, check_out, *leave)


def _purchase(pointing: Pointing) -> Verb:
    which = _NUMBER if pointing == "number" else _TITLE
    return Verb(
        name="add_to_cart",
        description="Buy one unit of a product.",
        arguments=(which, *_READ, _REASON),
    )


def tools(verbs: Sequence[Verb]) -> tuple[Tool, ...]:
    """Returns the verbs as tools that a model can call."""
    return tuple(
        Tool(name=verb.name, description=verb.description, parameters=verb.parameters())
        for verb in verbs
    )


def schema(verbs: Sequence[Verb]) -> dict[str, JsonValue]:
    """Returns the JSON schema of an answer: an object whose `action` is one of the verbs."""
    acts: list[JsonValue] = [_act(verb) for verb in verbs]
    return {
        "type": "object",
        "properties": {"action": {"anyOf": acts}},
        "required": ["action"],
        "additionalProperties": False,
    }


def _act(verb: Verb) -> dict[str, JsonValue]:
    name: dict[str, JsonValue] = {"type": "string", "enum": [verb.name]}
    properties: dict[str, JsonValue] = {"name": name}
    properties |= {each.name: _property(each) for each in verb.arguments}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def acting(observation: Observation, verbs: Sequence[Verb], speech: Speech) -> str:
    """Returns the part of the instruction that depends on interface and way of talking.

    Args:
        observation: The first one of the trial.
        verbs: What the model may do.
        speech: How it is to say so.
    """
    pace = "" if observation.mode == "one_decision" else _PACE
    return f"{shown(observation)} {pace}{_how(verbs, speech)}"


_PACE = (
    "Go through the shop step by step, one act at a time; the purchase is made once the order "
    "has been placed. "
)


def shown(observation: Observation) -> str:
    """Returns a sentence on what the model is given to see."""
    if observation.screenshot is None:
        return "You are given the page as text."
    numbers = " in which numbers mark what you can choose"
    return f"You are given the page as a picture{numbers * (observation.pointing == 'number')}."


def _how(verbs: Sequence[Verb], speech: Speech) -> str:
    if speech == "tools":
        names = "; ".join(f"{verb.name}: {verb.description.rstrip('.')}" for verb in verbs)
        return f"Act by calling exactly one tool ({names})."
    lines = [f"- {_form(verb)}: {verb.description}{_notes(verb)}" for verb in verbs]
    return "\n".join(["Act by answering with exactly one JSON object, one of these:", *lines])


def _form(verb: Verb) -> str:
    arguments = "".join(f', "{each.name}": {_blank(each)}' for each in verb.arguments)
    return f'{{"action": {{"name": "{verb.name}"{arguments}}}}}'


def _blank(argument: Argument) -> str:
    return '"..."' if argument.kind == "string" else f"<{argument.kind}>"


def _notes(verb: Verb) -> str:
    return "".join(f" {each.name}: {each.description}" for each in verb.arguments)
