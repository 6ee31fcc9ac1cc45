"""What all buyers with a served model have in common: its parameters, its wordings, asking it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, JsonValue, field_validator, model_validator

from aces.errors import BuyerError, TrialError, UserError
from aces.llm.records import (
    Abilities,
    Connection,
    Endpoint,
    Exchange,
    Prices,
    Purpose,
    Request,
    Sampling,
    Serving,
    Speech,
)
from aces.seeds import Stream
from aces.types import Factor, Ground, Observation, Record, Task
from agents import wording
from agents.wording import Draw, Prompt, Source, Wordings

if TYPE_CHECKING:
    from aces.llm.client import Client

OPERATIONAL: dict[str, JsonValue] = {"operational": True}
"""Of parameters that change no answer, and so may change while a run goes on."""


class Limits(Record):
    """What a server allows, over all processes of a run."""

    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)


class ServedConfig(Record):
    """Parameters of every buyer with a served model."""

    model: str = Field(min_length=1)
    """As the server calls it."""
    base_url: str = Field(default="", json_schema_extra=OPERATIONAL)
    """Where it is served: `http://127.0.0.1:8000/v1`. Either this or `serve`."""
    serve: Literal["vllm", "transformers"] | None = None
    """Serve it on this machine for the time of the run."""
    arguments: tuple[str, ...] = ()
    """Further arguments for the server, with `serve`."""
    api_key_env: str = Field(default="", json_schema_extra=OPERATIONAL)
    """Name of the environment variable that holds the key."""
    sampling: Sampling = Sampling()
    prices: Prices = Field(default=Prices(), json_schema_extra=OPERATIONAL)
    """What a million tokens cost."""
    limits: Limits = Field(default=Limits(), json_schema_extra=OPERATIONAL)
    timeout_s: float = Field(default=180.0, gt=0, json_schema_extra=OPERATIONAL)
    """Longest wait for a whole answer."""
    patience_s: float = Field(default=600.0, ge=0, json_schema_extra=OPERATIONAL)
    """Longest time spent on pauses that the server asks for, per request."""
    cache: bool = Field(default=False, json_schema_extra=OPERATIONAL)
    """Store answers and use them again."""
    speak: Literal["auto", "tools", "schema", "text"] = "auto"
    """How it is made to act: native tool calls, JSON held to a schema, or plain text."""
    prompt: Source = Field(default=wording.DEFAULT_PROMPT, union_mode="left_to_right")
    """A shipped name or a file; of a list each world meets each, of `{draw: [...]}` one.

    `paraphrases` are twelve shipped wordings of equal content: `{draw: paraphrases}`.
    """
    persona: Source | None = Field(default=None, union_mode="left_to_right")
    """Who is shopping: a text, a shipped name, a table (CSV, YAML), a list or `{draw: ...}`."""
    may_leave: bool = True
    """Whether it is told that it may decide not to buy."""

    @field_validator("prompt", "persona", mode="before")
    @classmethod
    def _wording(cls, given: object) -> object:
        """Says in one sentence what a union of five types would say in five."""
        words = given.get("draw", given) if isinstance(given, Mapping) else given
        if isinstance(words, Mapping) and "texts" not in words:
            words = list(words.values())
        if isinstance(words, list | tuple) and all(isinstance(word, str) for word in words):
            return given
        if words is None or isinstance(words, str | Wordings | Draw | Mapping):
            return given
        raise ValueError(
            "expected a text, name or path, a list of them, `name: text` pairs, or {draw: ...}"
        )

    @model_validator(mode="after")
    def _one_address(self) -> "ServedConfig":
        if bool(self.base_url) == bool(self.serve):
            raise ValueError(
                "a served model needs either `base_url:`, where a server listens, or `serve:` "
                "(vllm or transformers), to have it served here; give one of the two"
            )
        if self.arguments and not self.serve:
            raise ValueError("`arguments:` are for a server started with `serve:`")
        return self


class ServedBuyer:
    """Base of buyers that ask a served model; a subclass adds `start`."""

    Config: type[ServedConfig] = ServedConfig
    shares_noise = False

    def __init__(self, config: Any) -> None:  # noqa: ANN401
        self.config = config
        self.connection: Connection | None = None
        self._client: Client | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._prompts = wording.prompts(config.prompt, None)
        self._personas = None if config.persona is None else wording.personas(config.persona, None)

    @classmethod
    def resolve(cls, config: Any, ground: Ground) -> Any:  # noqa: ANN401
        """Returns the parameters with the full texts of prompts and personas.

        Raises:
            SpecError: If a file can't be read, or a prompt lacks a part.
        """
        texts: dict[str, Wordings] = {"prompt": wording.prompts(config.prompt, ground.folder)}
        if config.persona is not None:
            texts["persona"] = wording.personas(config.persona, ground.folder)
        return config.model_copy(update=texts)

    @classmethod
    def factors(cls, config: Any) -> Mapping[str, Factor]:  # noqa: ANN401
        """Returns the wordings that trials differ by: `prompt` and, where there are, `persona`."""
        found = {"prompt": wording.prompts(config.prompt, None).factor()}
        if config.persona is not None:
            found["persona"] = wording.personas(config.persona, None).factor()
        return found

    @classmethod
    def prompt_hashes(cls, config: Any) -> Mapping[str, str]:  # noqa: ANN401
        """Returns the hash of each prompt's text, by name."""
        texts = wording.prompts(config.prompt, None).texts
        return {name: wording.text_hash(text) for name, text in texts.items()}

    @property
    def endpoint(self) -> Endpoint:
        """Where the model is."""
        config: ServedConfig = self.config
        return Endpoint(
            model=config.model,
            base_url=config.base_url,
            api_key_env=config.api_key_env,
            timeout_s=config.timeout_s,
            patience_s=config.patience_s,
            requests_per_minute=config.limits.requests_per_minute,
            tokens_per_minute=config.limits.tokens_per_minute,
            prices=config.prices,
        )

    @property
    def serving(self) -> Serving | None:
        """What is to be served for it."""
        config: ServedConfig = self.config
        if config.serve is None:
            return None
        return Serving(engine=config.serve, model=config.model, arguments=config.arguments)

    @property
    def cached(self) -> bool:
        """Whether answers are stored and used again."""
        return bool(self.config.cache)

    def settle(self, abilities: Abilities) -> Speech:
        """Returns how it will talk: as told, else by tools, else by schema, else in plain text.

        Raises:
            UserError: If it was told to talk in a way that the server can't.
        """
        can: dict[Speech, bool] = {
            "tools": abilities.tools,
            "schema": abilities.json_schema,
            "text": True,
        }
        asked: Literal["auto", "tools", "schema", "text"] = self.config.speak
        if asked == "auto":
            return next(speech for speech, able in can.items() if able)
        if not can[asked]:
            ability = {"tools": "tools", "schema": "json_schema"}[asked]
            why = abilities.reasons.get(ability, "the probe found none")
            able = ", ".join(speech for speech, able in can.items() if able)
            raise UserError(
                f"{self.config.model}: `speak: {asked}` is beyond its server ({why}); "
                f"it can do: {able}, or leave `speak:` out"
            )
        return asked

    def connect(self, connection: Connection) -> None:
        """Is told how to reach its model."""
        self.connection = connection

    async def disconnect(self) -> None:
        """Lets go of the connection."""
        if self._client is not None:
            await self._client.close()
        self._client = None

    @property
    def client(self) -> "Client":
        """The way to its model; a new one in every event loop, which its sockets belong to.

        Raises:
            BuyerError: If nobody has said where it is.
        """
        from aces.llm.client import Client

        if self.connection is None:
            raise BuyerError(f"{type(self).__name__}: connect() comes before the first question")
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._client, self._loop = Client(self.connection), loop
        return self._client

    def prompt(self, task: Task) -> Prompt:
        """Returns the wording that a trial has."""
        texts = self._prompts.texts
        name = task.prompt or next(iter(texts))
        return Prompt.parse(texts[name], name)

    def persona(self, task: Task) -> str:
        """Returns who is shopping in a trial, in words; empty where nothing is said of it."""
        if self._personas is None:
            return ""
        return self._personas.texts[task.persona or next(iter(self._personas.texts))]

    def truth(self) -> None:
        """Returns nothing: nobody knows a model's preferences."""


class ServedSession:
    """One trial's conversation: numbers its questions, and keeps what was said.

    Args:
        buyer: Connected.
        task: The errand.
        stream: The trial's.
    """

    def __init__(self, buyer: ServedBuyer, task: Task, stream: Stream) -> None:
        self.buyer = buyer
        self.task = task
        self.stream = stream
        self.exchanges: list[Exchange] = []
        self.probability: dict[str, float] | None = None
        self.reported: dict[str, JsonValue] | None = None
        self._asked = 0

    @property
    def connection(self) -> Connection:
        """How the model is reached.

        Raises:
            BuyerError: If the buyer has not been connected.
        """
        if self.buyer.connection is None:
            raise BuyerError(f"{type(self.buyer).__name__}: connect() comes before act()")
        return self.buyer.connection

    def frame(self, observation: Observation, acting: str) -> Prompt:
        """Returns the trial's wording with the errand filled in.

        Args:
            observation: The first one; amounts are written in its currency.
            acting: How to act, and what is shown.
        """
        task = self.task
        currency = next((item.currency for item in observation.listings), "USD")
        return self.buyer.prompt(task).render(
            task, persona=self.buyer.persona(task), acting=acting, currency=currency
        )

    async def ask(self, request: Request, *, step: int, purpose: Purpose) -> Exchange:
        """Returns the exchange, with a reply in it.

        The request's `seed: trial` is settled here, by the question's number in the trial.

        Raises:
            TrialError: With the cause, if there was no reply.
        """
        return (await self.ask_all([request], step=step, purpose=purpose))[0]

    async def ask_all(
        self, requests: Sequence[Request], *, step: int, purpose: Purpose
    ) -> list[Exchange]:
        """Returns the exchanges of questions asked side by side, in their order.

        Raises:
            TrialError: With the cause, if one had no reply; all are kept all the same.
        """
        first = self._asked + 1
        self._asked += len(requests)
        found = await asyncio.gather(
            *(
                self.buyer.client.ask(
                    self._seeded(request, n),
                    step=step,
                    purpose=purpose,
                    salt=f"{self.stream.address}|{n}",
                )
                for n, request in enumerate(requests, start=first)
            )
        )
        self.exchanges += found
        for exchange in found:
            if exchange.reply is None:
                raise TrialError(exchange.cause or "server", exchange.error)
        return found

    def check_sight(self, observation: Observation) -> None:
        """Does nothing where the server takes what is to be shown.

        Raises:
            TrialError: If it is a picture and the server takes none.
        """
        abilities = self.connection.abilities
        if observation.screenshot is not None and not abilities.images:
            why = abilities.reasons.get("images", "the probe found none")
            raise TrialError(
                "server", f"the server takes no pictures ({why}); use interface aria, html or json"
            )

    def spoil(self, cause: str, error: str) -> None:
        """Notes on the last exchange why its reply could not be used."""
        self.spoil_at(-1, cause, error)

    def spoil_at(self, index: int, cause: str, error: str) -> None:
        """Notes the same on any exchange."""
        spoilt = {"cause": cause, "error": error}
        self.exchanges[index] = self.exchanges[index].model_copy(update=spoilt)

    def _seeded(self, request: Request, n: int) -> Request:
        if request.sampling.seed is None:
            return request
        seed: int | None = None
        if self.connection.abilities.seed:
            own = request.sampling.seed
            seed = self.stream.child("server seed", n).whole() if own == "trial" else own
        sampling = request.sampling.model_copy(update={"seed": seed})
        return request.model_copy(update={"sampling": sampling})
