"""Served models as the report shows them: what they are, what they were told, what they can do."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.analyze import Analysis
from analysis.display import number
from analysis.served import ServedBuyer, has_random_weights

ABILITIES = {
    "images": "images",
    "tools": "tool calls",
    "json_schema": "JSON held to a schema",
    "forced_choice": "forced choice",
    "logprobs": "log-probabilities",
    "seed": "seeds",
}
_LONGEST_REASON = 200
_TOLD = ("engine", "version", "model", "context_length", "dtype", "quantization")


@dataclass(frozen=True)
class BuyerShown:
    """A buyer with a served model.

    Attributes:
        name: The buyer's; with the run's where there are several.
        facts: What it is, name by name.
        prompts: Name of each wording -> its text and hash.
        personas: Name -> who it is.
    """

    name: str
    facts: tuple[tuple[str, str], ...]
    prompts: Mapping[str, tuple[str, str]]
    personas: Mapping[str, str]


def buyers_shown(found: Sequence[Analysis]) -> list[BuyerShown]:
    """Returns the served models of some runs."""
    return [
        _shown(f"{name} ({one.name})" if len(found) > 1 else name, buyer)
        for one in found
        for name, buyer in (one.study.served if one.study else {}).items()
    ]


def random_weights(found: Sequence[Analysis]) -> list[str]:
    """Returns the names of buyers whose model has learned nothing."""
    names = (
        name
        for one in found
        for name, buyer in (one.study.served if one.study else {}).items()
        if has_random_weights(buyer.model)
    )
    return list(dict.fromkeys(names))


def _shown(name: str, buyer: ServedBuyer) -> BuyerShown:
    prompts = {
        prompt: (text, buyer.hashes.get(prompt, "")) for prompt, text in buyer.prompts.items()
    }
    return BuyerShown(name, tuple(_facts(buyer)), prompts, buyer.personas)


def _facts(buyer: ServedBuyer) -> Iterator[tuple[str, str]]:
    yield "model", buyer.model
    yield "asked by", buyer.plugin.use
    if server := ", ".join(_server(buyer.server)):
        yield "server", server
    yield "made to act by", buyer.speech or "unknown: the run has not stored it"
    yield "sampling", ", ".join(_sampling(buyer.sampling)) or "as the server does by default"
    if buyer.abilities:
        yield "can do", ", ".join(_can(buyer.abilities)) or "nothing that was asked for"
        if lacks := "; ".join(_lacks(buyer.abilities)):
            yield "can’t do", lacks
    for what, texts in (("wordings", buyer.prompts), ("personas", buyer.personas)):
        if texts:
            yield what, _levels(texts, drawn=buyer.is_drawn(what))
    if buyer.is_priced:
        yield "prices", ", ".join(_prices(buyer.prices))


def _levels(texts: Mapping[str, str], *, drawn: bool) -> str:
    if len(texts) == 1:
        return f"{next(iter(texts))}, in all worlds"
    how = "each world got one at random" if drawn else "each world met all of them"
    return f"{len(texts)}: {how}"


def _server(served: Mapping[str, Any]) -> Iterator[str]:
    """What a server says of itself, the best known facts first."""
    names = [name for name in _TOLD if name in served]
    names += [name for name in served if name not in names]
    for name in names:
        value = served[name]
        if value not in (None, "", {}, []):
            yield f"{name.replace('_', ' ')} {_plain(value)}"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _sampling(sampling: Mapping[str, Any]) -> Iterator[str]:
    for name, value in sampling.items():
        if name == "extra":
            yield from _sampling(value or {})
        elif value is not None:
            own = name == "seed" and value == "trial"
            yield "a seed for each trial" if own else f"{name.replace('_', ' ')} {_plain(value)}"


def _can(abilities: Mapping[str, Any]) -> Iterator[str]:
    for name, words in ABILITIES.items():
        if abilities.get(name):
            yield f"{words} ({abilities[name]} a token)" if name == "logprobs" else words


def _lacks(abilities: Mapping[str, Any]) -> Iterator[str]:
    reasons = abilities.get("reasons") or {}
    for name, words in ABILITIES.items():
        if not abilities.get(name):
            why = str(reasons.get(name, ""))[:_LONGEST_REASON]
            yield f"{words} ({why})" if why else words


def _prices(prices: Mapping[str, Any]) -> Iterator[str]:
    named = {"input": "prompt", "cached_input": "cached prompt", "output": "answer"}
    for name, words in named.items():
        if prices.get(name) is not None:
            yield f"{number(prices[name], 3)} {prices['currency']} for a million tokens of {words}"
    if prices.get("request"):
        yield f"{number(prices['request'], 4)} {prices['currency']} a request"
