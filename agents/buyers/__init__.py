"""One file per buyer. Each follows `aces.types.Buyer`; `aces.testing.check_buyer` checks it."""

from aces.registry import Registry
from aces.types import Buyer

BUYERS: Registry[Buyer] = Registry("buyer", "agents.buyers", "Buyer")
