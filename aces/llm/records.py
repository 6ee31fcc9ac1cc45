"""What is said to a served model and what it answers, in records that fit every server."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

from pydantic import Field, JsonValue

from aces.types import Record

Speech = Literal["tools", "schema", "text"]
"""How a model is made to act: native tool calls, JSON held to a schema, or plain text."""

Purpose = Literal["act", "repair", "probability", "probe"]


class Picture(Record):
    """An image within a message."""

    data: bytes = Field(repr=False)
    media_type: str = "image/png"


class ToolCall(Record):
    """A call of a tool, as the model wrote it."""

    id: str
    name: str
    arguments: str
    """JSON, or what was meant to be."""


class Message(Record):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant", "tool"]
    parts: tuple[str | Picture, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    """Of an assistant."""
    answers: str = ""
    """Of a tool: the id of the call that it answers."""


class Tool(Record):
    """Something that a model may call."""

    name: str
    description: str
    parameters: Mapping[str, JsonValue]
    """JSON schema of its arguments."""


class Sampling(Record):
    """How an answer is drawn."""

    temperature: float = Field(default=1.0, ge=0)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int = Field(default=2048, ge=1)
    seed: int | Literal["trial"] | None = "trial"
    """`trial`: one that belongs to the trial, so that a sampled run can be repeated; null: the
    server's own."""
    extra: Mapping[str, JsonValue] = {}
    """Whatever else the server takes: `top_k`, `reasoning_effort`, `chat_template_kwargs`."""

    @property
    def draws(self) -> bool:
        """Whether answers are drawn at random."""
        return self.temperature > 0


class Request(Record):
    """Everything that can change an answer."""

    model: str
    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    """With `seed` a number or null."""
    tools: tuple[Tool, ...] = ()
    must_call: bool = False
    """Whether one of the tools has to be called."""
    answer_schema: Mapping[str, JsonValue] | None = None
    """JSON schema that the answer is held to."""
    choices: tuple[str, ...] = ()
    """The only answers there may be, where not empty."""
    top_logprobs: int = Field(default=0, ge=0)
    """How many log-probabilities are asked for at each token; 0: none."""


class Usage(Record):
    """Tokens of one answer, as the server counts them; None where it does not tell."""

    prompt: int = 0
    """All of the prompt, pictures included."""
    image: int | None = None
    cached: int | None = None
    completion: int = 0
    """All of the answer, hidden thinking included."""
    thinking: int | None = None


class Reply(Record):
    """A server's answer."""

    text: str = ""
    thinking: str = ""
    """Reasoning that the server returns apart from the answer."""
    calls: tuple[ToolCall, ...] = ()
    refusal: str = ""
    """What the server marks as a refusal to answer."""
    finish: str = ""
    """Why it ended: `stop`, `length`, `tool_calls`, `content_filter`; `cut`: by us, as too long to
    keep."""
    logprobs: tuple[Mapping[str, float], ...] = ()
    """Per token of the answer: token -> log-probability, of the most probable ones."""
    usage: Usage = Usage()
    served_model: str = ""
    fingerprint: str = ""
    """What the server says of its own configuration."""


class Wait(Record):
    """Time lost to a server's trouble or to our limits; it is nobody's failure."""

    reason: str
    """`429`, `503`, `timeout`, `connection`, `rate limit` (our own), `restart` (of a server that
    ACES keeps), ..."""
    seconds: float
    """The call that came to nothing, and the pause after it."""


class Exchange(Record):
    """One request with what came of it."""

    step: int
    purpose: Purpose
    request: Request
    key: str
    """By which the answer can be found again: of the request, and of the trial where it counts."""
    reply: Reply | None = None
    """None where there was none."""
    error: str = ""
    """Why there is no reply, or why the reply could not be used."""
    cause: str = ""
    """Of an error: `server`, `context` (too long for the model), `unparseable`, `refusal`, ..."""
    seconds: float = 0.0
    """From asking to having it, pauses left out."""
    waits: tuple[Wait, ...] = ()
    from_cache: bool = False
    cost: float = 0.0
    """By the price table, in its currency; 0 for answers from a cache."""


class Prices(Record):
    """What a million tokens cost."""

    currency: str = "USD"
    input: float = Field(default=0.0, ge=0)
    cached_input: float | None = Field(default=None, ge=0)
    """Of prompt tokens that the server had in its cache; not given: as `input`."""
    output: float = Field(default=0.0, ge=0)
    request: float = Field(default=0.0, ge=0)
    """Of each request, whatever its length."""


class Abilities(Record):
    """What a server was found able to do for one model, by asking it once for each."""

    images: bool = False
    tools: bool = False
    json_schema: bool = False
    forced_choice: bool = False
    logprobs: int = 0
    """How many it gives at a token; 0: none."""
    seed: bool = False
    """Whether it takes a seed."""
    reasons: Mapping[str, str] = {}
    """Ability -> why it lacks, in the server's words."""
    served: Mapping[str, JsonValue] = {}
    """What the server says of itself: version, model, context length, quantisation."""


class Endpoint(Record):
    """A model behind an address; nothing in it changes an answer but the model."""

    model: str
    base_url: str
    api_key_env: str = ""
    """Name of the environment variable that holds the key; empty: the server wants none."""
    timeout_s: float = Field(default=180.0, gt=0)
    """Longest wait for a whole answer."""
    patience_s: float = Field(default=600.0, ge=0)
    """Longest time spent on pauses that the server asks for, per request."""
    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)
    prices: Prices = Prices()


class Connection(Record):
    """What a process needs to speak to a buyer's model."""

    endpoint: Endpoint
    abilities: Abilities
    speech: Speech
    """Settled by the first probe of a run, and kept when the run goes on."""
    cache: str = ""
    """File of stored answers; empty: none."""
    replay: bool = False
    """Answers come from the file alone, and no server is asked."""
    share: float = Field(default=1.0, gt=0, le=1)
    """This process's part of the limits per minute."""
    upkeep: str = Field(default="", exclude=True)
    """File in which the keeper of a server started here tells of it; empty: nobody keeps it. It
    belongs to the session under way and is not stored."""


class Serving(Record):
    """A model that this machine is to serve for the time of a run."""

    engine: Literal["vllm", "transformers"]
    model: str
    arguments: tuple[str, ...] = ()
    """Further arguments of the server, as on its command line."""


@runtime_checkable
class ModelBuyer(Protocol):
    """A buyer that needs a served model, beside what every buyer does."""

    @property
    def endpoint(self) -> Endpoint:
        """Where its model is; with `serving`, the address is filled in by the runner."""
        ...

    @property
    def serving(self) -> Serving | None:
        """What is to be served for it; None where it has an address."""
        ...

    @property
    def cached(self) -> bool:
        """Whether answers are to be stored and used again."""
        ...

    def settle(self, abilities: Abilities) -> Speech:
        """Returns how it will talk to a server of these abilities.

        Raises:
            UserError: If the server can't do what the buyer needs.
        """
        ...

    def connect(self, connection: Connection) -> None:
        """Is told how to reach its model, before the first session in this process."""
        ...

    async def disconnect(self) -> None:
        """Lets go of the connection."""
        ...


@runtime_checkable
class Conversation(Protocol):
    """What a session with a model has to tell beside its actions, also when it has failed.

    The runner reads and stores it.
    """

    exchanges: Sequence[Exchange]
    """All so far, in order."""
    probability: Mapping[str, float] | None
    """Choice probabilities by product, where they were read."""
    reported: Mapping[str, JsonValue] | None
    """What the model said it read of what it buys."""
