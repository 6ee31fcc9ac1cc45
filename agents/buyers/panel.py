"""A panel of planted shoppers: each has tastes of its own, and is met in many worlds."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from aces.seeds import Stream
from aces.types import Factor, Ground, Task
from agents.buyers.utility import UtilityBuyer


class PanelBuyer(UtilityBuyer):
    """Planted shoppers who keep their tastes; each world is met by one of them, its `persona`."""

    class Config(UtilityBuyer.Config):
        """Parameters."""

        shoppers: int = Field(default=100, ge=2)
        """How many there are; `heterogeneity` says how far their tastes differ."""
        tastes_seed: int | None = None
        """Of their tastes; not given: that of the experiment."""

    config: Config

    @classmethod
    def resolve(cls, config: Any, ground: Ground) -> Any:  # noqa: ANN401
        """Returns the parameters with rules turned into what they mean here.

        Args:
            config: As written in the experiment.
            ground: Seed and listings of the experiment.
        """
        seed = ground.seed if config.tastes_seed is None else config.tastes_seed
        return super().resolve(config, ground).model_copy(update={"tastes_seed": seed})

    @classmethod
    def factors(cls, config: Config) -> Mapping[str, Factor]:
        """Returns the names of the shoppers, one of whom is drawn for each world."""
        names = tuple(f"shopper {number + 1:03}" for number in range(config.shoppers))
        return {"persona": Factor(levels=names, drawn=True)}

    def taste(self, task: Task, stream: Stream) -> Stream:
        """Returns the stream of a shopper's deviations, the same in all its trials."""
        return Stream(self.config.tastes_seed or 0, "tastes", task.persona)
