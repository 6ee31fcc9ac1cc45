"""`BlobStore`: files named by their content, beside the database of a run."""

import os
import sqlite3
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from aces.errors import StoreError
from aces.finished import StoredExchange, StoredStep, as_json, compressed
from aces.llm.records import Exchange, Picture, Request
from aces.types import Step

INLINE_BYTES = 8192
"""Texts up to this size are kept, compressed, in the database; longer ones become blobs."""

TAKEN = "another process is writing to this run; wait for it, or use another --out"


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file so that no reader sees half of it, and two writers of one content agree.

    Raises:
        OSError: If it can't be written; nothing is left behind.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(path)
    except OSError:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


class BlobStore:
    """Files named by the hash of their content; safe to write from many processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes, suffix: str) -> str:
        """Stores bytes once and returns their name, `ab/abcdef….png`.

        Raises:
            StoreError: If they can't be written.
        """
        digest = blake2b(content, digest_size=16).hexdigest()
        name = f"{digest[:2]}/{digest}{suffix}"
        path = self.folder / name
        if not path.exists():
            try:
                write_whole(path, content)
            except OSError as error:
                raise StoreError(f"{self.folder}: {why(error)}") from error
        return name

    def get(self, name: str) -> bytes:
        """Returns the bytes of a stored name."""
        return (self.folder / name).read_bytes()

    def keep_step(self, step: Step) -> StoredStep:
        """Returns the step with its screenshot and long text moved into blobs."""
        text = step.text.encode() if step.text is not None else None
        inline = text is not None and len(text) <= INLINE_BYTES
        return StoredStep(
            step=step.step,
            page=step.page,
            url=step.url,
            text=compressed(text) if text is not None and inline else None,
            text_blob=self.put(text, ".txt") if text is not None and not inline else None,
            screenshot=self._picture(step.screenshot, step.image_type) if step.screenshot else None,
            action=as_json(step.action),
            error=step.error,
            exposed=as_json(step.exposed) if step.exposed is not None else None,
            observe_s=step.observe_s,
            act_s=step.act_s,
            at_s=step.at_s,
            box=as_json([round(side, 1) for side in step.box]) if step.box is not None else None,
        )

    def keep_exchange(self, exchange: Exchange) -> StoredExchange:
        """Returns the exchange with its request, and the pictures in it, moved into blobs."""
        return StoredExchange.of(exchange, self._request(exchange.request))

    def _request(self, request: Request) -> str:
        """Stores a request as JSON in which each picture is `{"blob": its name}`."""
        content = request.model_dump()
        for told, message in zip(content["messages"], request.messages, strict=True):
            told["parts"] = [
                {"blob": self._picture(part.data, part.media_type), "media_type": part.media_type}
                if isinstance(part, Picture)
                else part
                for part in message.parts
            ]
        return self.put(as_json(content).encode(), ".json")

    def _picture(self, content: bytes, media_type: str) -> str:
        # what a buyer saw and what its model was sent have one name, and are one file
        return self.put(content, f".{media_type.removeprefix('image/')}")


def why(error: sqlite3.OperationalError | OSError) -> str:
    """Returns why a run folder can't be written, and what to do about it."""
    text = str(error)
    if "full" in text or "No space" in text:
        return "the disk is full. Free some space and run the same command again: it goes on"
    if "locked" in text:
        return TAKEN
    return f"can't be written: {text}"
