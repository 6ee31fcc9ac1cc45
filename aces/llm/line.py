"""One call of a server: out with a request, back with a reply or a fault, nothing tried twice."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aces.llm.faults import CallError, from_status, judged
from aces.llm.records import Endpoint, Reply, Request
from aces.llm.wire import decode, encode

if TYPE_CHECKING:
    from openai import AsyncOpenAI

READ = 8_000_000
"""Bytes read of an answer; what is longer is cut."""

_RENAMED = {"max_tokens": "max_completion_tokens"}
"""What some servers want under another name."""


class Line:
    """A connection to an endpoint. It is opened by the first call, within the running loop.

    Args:
        endpoint: Whom to call.
        without: Fields of requests that the server is known not to take.
    """

    def __init__(self, endpoint: Endpoint, without: frozenset[str] = frozenset()) -> None:
        self.endpoint = endpoint
        self._without = without
        self._renamed: set[str] = set()
        self._sdk: AsyncOpenAI | None = None

    async def call(self, request: Request) -> Reply:
        """Returns the server's reply.

        Raises:
            CallError: If there is none.
        """
        self._open()  # which takes its time, the first time
        while True:
            body = self._body(request)
            try:
                async with self._guarded():
                    return _read(*await self._send(body))
            except CallError as fault:
                if not self._rename(body, fault):
                    raise

    async def get(self, address: str) -> Any:  # noqa: ANN401
        """Returns what stands at an address, relative to the endpoint's own or absolute.

        Raises:
            CallError: If nothing does.
        """
        self._open()
        async with self._guarded():
            return await self._open().get(address, cast_to=object)

    async def close(self) -> None:
        """Closes the connection; a later call opens it again."""
        sdk, self._sdk = self._sdk, None
        if sdk is not None:
            await sdk.close()

    def _body(self, request: Request) -> dict[str, Any]:
        body = {k: v for k, v in encode(request).items() if k not in self._without}
        return {_RENAMED[k] if k in self._renamed else k: v for k, v in body.items()}

    def _rename(self, body: Mapping[str, Any], fault: CallError) -> bool:
        """Notes which field the server wants under another name; False if that is not it."""
        wanted = {
            old
            for old, new in _RENAMED.items()
            if fault.cause == "server" and old in body and new in str(fault)
        }
        self._renamed |= wanted
        return bool(wanted)

    async def _send(self, body: dict[str, Any]) -> tuple[bytes, bool]:
        """The body of the answer, and whether it was cut."""
        model, messages = body.pop("model"), body.pop("messages")
        completions = self._open().chat.completions.with_streaming_response
        data = bytearray()
        async with completions.create(model=model, messages=messages, extra_body=body) as response:
            async for chunk in response.iter_bytes():
                data += chunk
                if len(data) > READ:
                    return bytes(data[:READ]), True
        return bytes(data), False

    @asynccontextmanager
    async def _guarded(self) -> AsyncIterator[None]:
        """Holds a call to the deadline for a whole answer, and turns its errors into faults."""
        import httpx2
        import openai

        try:
            async with asyncio.timeout(self.endpoint.timeout_s):
                yield
        except openai.APIStatusError as error:
            raise from_status(error) from error
        except (TimeoutError, openai.APITimeoutError, httpx2.TimeoutException) as error:
            seconds = f"{self.endpoint.timeout_s:g}"
            raise CallError("timeout", f"no whole answer within {seconds} seconds") from error
        except (openai.APIConnectionError, httpx2.HTTPError) as error:
            raise CallError("connection", _story(error)) from error
        except (openai.OpenAIError, httpx2.InvalidURL, ValueError) as error:
            raise CallError("malformed", _story(error), hope="again") from error

    def _open(self) -> "AsyncOpenAI":
        if self._sdk is None:
            from openai import AsyncOpenAI, DefaultAsyncHttpxClient

            endpoint = self.endpoint
            self._sdk = AsyncOpenAI(
                api_key=key(endpoint),
                base_url=endpoint.base_url,
                timeout=endpoint.timeout_s,
                max_retries=0,
                # a proxy of the environment does not lead back to this machine
                http_client=DefaultAsyncHttpxClient(trust_env=not _local(endpoint.base_url)),
            )
        return self._sdk


def key(endpoint: Endpoint) -> str:
    """Returns the endpoint's key from the environment.

    Raises:
        CallError: If the environment does not hold it.
    """
    if not endpoint.api_key_env:
        return "none"
    found = os.environ.get(endpoint.api_key_env)
    if not found:
        message = f"no key: the environment variable {endpoint.api_key_env} is not set"
        raise CallError("401", message, hope="none")
    return found


def _local(url: str) -> bool:
    return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")


def _story(error: BaseException) -> str:
    """An error with what lies behind it: the SDK's own say little."""
    behind = error.__cause__ or error.__context__
    told = f"{type(error).__name__}: {error}"
    return f"{told} ({type(behind).__name__}: {behind})" if behind else told


def _read(data: bytes, cut: bool) -> Reply:
    """The reply in the body of an answer.

    Raises:
        CallError: If there is none, or an error with status 200.
    """
    try:
        body = _json(data, cut)
        error = body.get("error")
        if error and not body.get("choices"):
            raise _disguised(error)
        return decode(body, cut=cut)
    except ValueError as error:
        start = data[:500].decode("utf-8", "replace")
        message = f"an answer that can't be read ({error}): {start}"
        raise CallError("malformed", message, hope="again") from error


def _json(data: bytes, cut: bool) -> dict[str, Any]:
    from pydantic_core import from_json

    if cut:  # maybe within a character
        body = from_json(data.decode("utf-8", "ignore"), allow_partial="trailing-strings")
    else:
        body = from_json(data)
    if not isinstance(body, dict):
        raise ValueError(f"a JSON object was expected, not {type(body).__name__}")
    return body


def _disguised(error: Any) -> CallError:  # noqa: ANN401
    """The fault that some servers report under status 200."""
    code = error.get("code") if isinstance(error, Mapping) else None
    words = error if isinstance(error, str) else json.dumps(error)
    return judged(code if isinstance(code, int) else 500, words, {})
