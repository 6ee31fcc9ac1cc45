"""A stand-in for a model whose tastes are known: a softmax over what it reads on the page.

It knows the shop's JSON alone. Asked for a letter it gives log-probabilities of the labels, with a
bias for some labels; given tools it draws a purchase from the same softmax. What it finds on a
page deviates from its tastes by noise that belongs to the page, as a real model's logits do: the
same page gives the same noise, whatever it is asked about it.

    with ModelServer(SoftmaxModel({"log_price": -1.8}, noise_sd=1.0)) as server: ...
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aces import terms
from aces.money import minor_digits
from aces.seeds import Stream
from aces.testing.model_server import Answer, Body, calls, says, status

Floats = NDArray[np.float64]

_OPTION = re.compile(r"^([A-Z]): (?:row (\d+), column (\d+): .*|leave .*)$", re.MULTILINE)
_WORDS = ("The", "I", "Based", "Option", "**", "Row", "My", "To")
"""What answers begin with that name no label."""


@dataclass
class SoftmaxModel:
    """Answers requests as a model of known tastes would; give it to a `ModelServer`.

    Attributes:
        tastes: Term -> coefficient, in the words of `aces.terms`; a mark is a term by its text,
            `overall_pick`.
        noise_sd: Standard deviation of the noise of each listing on each page.
        bias_sd: Standard deviation of the label biases.
        temperature: Divides tastes and noise.
        leave: Utility of leaving without buying.
        elsewhere: Probability of answers that begin with no label.
        spaced: Part of a label's probability that goes to the token with a space before it.
        seed: Of noise and biases.
    """

    tastes: Mapping[str, float]
    noise_sd: float = 0.0
    bias_sd: float = 0.0
    temperature: float = 1.0
    leave: float = -2.0
    elsewhere: float = 0.05
    spaced: float = 0.3
    seed: int = 0
    asked: int = field(default=0, init=False)

    def __call__(self, body: Body) -> Answer:
        """Returns the answer to a request."""
        self.asked += 1
        prompt = "\n".join(_texts(body))
        start = prompt.find('{"query"')
        if start < 0:
            return status(400, "the stand-in reads the shop's JSON only: interface json")
        page = json.JSONDecoder().raw_decode(prompt[start:])[0]
        if body.get("tools"):
            return self._buys(body, page)
        return self._chooses(body, page, prompt)

    def utilities(self, page: Mapping[str, Any]) -> Floats:
        """Returns (listings,) tastes and noise together, in the order of the page."""
        shelf = page["results"]
        columns = _columns(shelf, page["layout"]["columns"], page["currency"])
        marks = {kind for item in shelf for kind in map(_kind, item["marks"])}
        for kind in {part for name in self.tastes for part in name.split(":")} | marks:
            if kind not in columns and not terms.is_derived(kind):
                columns[kind] = [float(kind in map(_kind, item["marks"])) for item in shelf]
        tastes = terms.matrix(self.tastes, columns) @ np.array(list(self.tastes.values()))
        own = Stream(self.seed, "noise", json.dumps(shelf))
        noise = np.array([own.child(item["id"]).normal() for item in shelf])
        return np.asarray((tastes + self.noise_sd * noise) / self.temperature)

    def bias(self, label: str) -> float:
        """Returns how much the model likes a label."""
        return self.bias_sd * Stream(self.seed, "bias", label).normal()

    def _buys(self, body: Body, page: Mapping[str, Any]) -> Answer:
        """A purchase drawn by the request's seed, as a tool call that says what was read."""
        leave = [t for t in body["tools"] if t["function"]["name"] == "leave"]
        utility = np.append(self.utilities(page), self.leave if leave else -np.inf)
        seed = body.get("seed", f"request {self.asked}")
        noise = [Stream(self.seed, "draw", seed, i).gumbel() for i in range(len(utility))]
        best = int(np.argmax(utility + noise))
        if best == len(page["results"]):
            return calls("leave", reason="nothing is worth it")
        item = page["results"][best]
        read = {name: str(item[name]) for name in ("title", "price", "rating", "review_count")}
        return calls("add_to_cart", **read, reason="drawn")

    def _chooses(self, body: Body, page: Mapping[str, Any], prompt: str) -> Answer:
        """A letter, with the log-probabilities of what the answer might begin with."""
        by_place = {divmod(item["position"] - 1, page["layout"]["columns"]): n
                    for n, item in enumerate(page["results"])}  # fmt: skip
        utility = self.utilities(page)
        logits = {}
        for label, row, col in _OPTION.findall(prompt):
            own = utility[by_place[int(row) - 1, int(col) - 1]] if row else self.leave
            logits[label] = float(own) + self.bias(label)
        if not logits:
            return says("I can't see any options.")
        total = math.log(math.fsum(math.exp(value) for value in logits.values()))
        shares = {label: math.exp(value - total) for label, value in logits.items()}
        held = "structured_outputs" in body
        return _drawn(shares if held else self._free(shares), int(body.get("top_logprobs") or 0))

    def _free(self, shares: Mapping[str, float]) -> dict[str, float]:
        """Token -> probability where the answer may begin with anything."""
        found: dict[str, float] = {}
        for label, share in shares.items():
            p = share * (1 - self.elsewhere)
            found |= {label: p * (1 - self.spaced), f" {label}": p * self.spaced}
        return found | dict.fromkeys(_WORDS, self.elsewhere / len(_WORDS))


def _drawn(found: Mapping[str, float], top: int) -> Answer:
    """The most probable token, with the log-probabilities of the `top` most probable ones."""
    likely = sorted(((p, t) for t, p in found.items() if p > 0), reverse=True)
    listed = {token: math.log(p) for p, token in likely[:top]}
    return says(likely[0][1], logprobs=[listed] if top else [], finish="length")


def _texts(body: Body) -> Sequence[str]:
    """All texts of a request's messages."""
    found: list[str] = []
    for message in body["messages"]:
        content = message.get("content") or ""
        if isinstance(content, str):
            found.append(content)
        else:
            found += [part["text"] for part in content if part["type"] == "text"]
    return found


def _kind(mark: str) -> str:
    """The name of a mark by its text: `Overall Pick` is `overall_pick`."""
    return "scarcity" if mark.startswith("Only") else mark.lower().replace(" ", "_")


def _columns(shelf: Sequence[Mapping[str, Any]], wide: int, currency: str) -> dict[str, list[Any]]:
    """What the page says, by the names of `aces.terms`."""
    unit = 10 ** minor_digits(currency)
    places = [divmod(item["position"] - 1, wide) for item in shelf]
    return {
        "currency": [currency] * len(shelf),
        "price_cents": [round(float(item["price"]) * unit) for item in shelf],
        "rating": [item["rating"] or 0.0 for item in shelf],
        "review_count": [item["review_count"] for item in shelf],
        "position": [item["position"] for item in shelf],
        "row": [row + 1 for row, _ in places],
        "col": [col + 1 for _, col in places],
    }
