"""What runs for the time of a `with` block."""

from abc import ABC, abstractmethod
from typing import Self


class Block(ABC):
    """Started when a `with` block begins, stopped when it ends, however it ends."""

    @abstractmethod
    def start(self) -> object:
        """Starts it, and returns once it can be used."""

    @abstractmethod
    def stop(self) -> None:
        """Stops it; does nothing if it does not run."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
