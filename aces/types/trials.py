"""What is planned and what becomes of it: tasks, assignments, trials, outcomes, estimates."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import ConfigDict, Field, JsonValue

from aces.types.record import Record


class Requirements(Record):
    """What the shopper insists on; binds a planted buyer only where it has `obey: true`."""

    max_price_cents: int | None = Field(default=None, ge=0)
    brand: str | None = None
    attributes: Mapping[str, str] = {}


class Task(Record):
    """The shopper's errand and, where one exists, the right answer."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)
    category: str
    query: str = ""
    instruction: str = ""
    requirements: Requirements = Requirements()
    copies_of: str | None = None
    """Product id: the shelf holds copies of this product alone, alike in all but what is drawn."""
    right_answer: str | None = None
    """Product id of the one listing that the errand allows, where it is the same in all worlds."""
    persona: str = ""
    """Name of who is shopping in this trial, among the buyer's personas."""
    prompt: str = ""
    """Name of the wording in this trial, among the buyer's prompts."""


class Assignment(Record):
    """The levels drawn for one world, with the probability of what was drawn."""

    world_id: str
    task_id: str
    k: int
    product_ids: tuple[str, ...]
    """The products on the shelf, in catalogue order; per-listing levels align with it."""
    levels: Mapping[str, tuple[Any, ...]]
    """Level column -> one value per product. Includes `position`, 1-based."""
    probability: float
    """Joint probability of the discrete levels."""
    marginals: Mapping[str, tuple[float, ...]] = {}
    """Discrete level column -> marginal probability of the value drawn, per product."""
    densities: Mapping[str, tuple[float | None, ...]] = {}
    """Continuous level column -> density of the value drawn, per product; None: a point mass."""


class Trial(Record):
    """One buyer meeting one world through one interface, once."""

    id: str
    plan_index: int
    batch: int
    world_id: str
    buyer: str
    interface: str
    repeat: int
    persona: str = ""
    """Name of who is shopping, where the buyer has personas."""
    prompt: str = ""
    """Name of the wording of the errand, where the buyer has several."""


class Step(Record):
    """One turn of a trial, as stored."""

    step: int
    page: str
    url: str = ""
    text: str | None = None
    screenshot: bytes | None = None
    image_type: str = "image/png"
    action: Mapping[str, Any]
    """Empty where the buyer failed to decide."""
    error: str | None = None
    """What went wrong when the action was carried out."""
    exposed: tuple[str, ...] | None = None
    """On a results page: the products that lay wholly inside the viewport."""
    observe_s: float = 0.0
    act_s: float = 0.0
    """Seconds the buyer took."""
    at_s: float | None = None
    """Seconds from entering the shop until it had decided, on the clock of the events."""
    box: tuple[float, float, float, float] | None = None
    """What was acted on: x, y, width, height in CSS pixels from the picture's corner; a listing's
    whole card. None where nothing is drawn, or a point of the picture was named."""


class Event(Record):
    """One line of the shop's append-only log."""

    kind: str
    page: str
    at_s: float
    """Seconds since the session was entered."""
    data: Mapping[str, Any] = {}


class Status(StrEnum):
    """How a trial ended; never merged."""

    CHOSEN = "chosen"
    ABSTAINED = "abstained"
    TRUNCATED = "truncated"
    FAILED = "failed"


class Choice(Record):
    """The outcome of one trial: what the shop's own order event says."""

    status: Status
    cause: str = ""
    """Of a failure: `refusal`, `unparseable`, `server`, `browser`, `shop`, `worker`, ..."""
    product_id: str | None = None
    probability: Mapping[str, float] | None = None
    """The buyer's own choice probability by product, where it was read."""
    said: str | None = None
    """The product the buyer said it took, kept beside what it bought."""
    reported: Mapping[str, JsonValue] | None = None
    """What the buyer said it read (`title`, `price`, `rating`, ...), right or wrong."""
    detail: str = ""
    seconds: float = 0.0
    blocked_requests: int = 0


class Estimate(Record):
    """One row of `estimates.csv`."""

    model_config = ConfigDict(allow_inf_nan=True)  # intervals may be unbounded

    analysis: str
    estimand: str
    evidence: str = "exploratory"
    buyer: str
    model: str = ""
    persona: str = ""
    prompt_hash: str = ""
    interface: str
    task_id: str = ""
    product_id: str = ""
    estimator: str
    term: str
    estimate: float | None
    std_error: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    n_trials: int = 0
    n_clusters: int | None = None
    truth: float | None = None
    p_adjusted: float | None = None
    """For all tests of the family."""
    family: str = ""
    """Tests that the p-value is adjusted for; empty without a p-value."""
    gate: str = ""
    """Gates that this buyer fails, or the whole run; empty where all hold."""
