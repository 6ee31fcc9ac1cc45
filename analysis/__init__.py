"""From stored choices to estimates: tables, estimators, reports. It imports only `aces`."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.choice_model import ConditionalLogit as ConditionalLogit
    from analysis.exploded_logit import ExplodedLogit as ExplodedLogit
    from analysis.frame import load_choices as load_choices
    from analysis.latent_class import LatentClassLogit as LatentClassLogit
    from analysis.mixed_logit import MixedLogit as MixedLogit
    from analysis.nested_logit import NestedLogit as NestedLogit
    from analysis.shares import concentration as concentration
    from analysis.shares import market_shares as market_shares

_HOMES = {
    "ConditionalLogit": "analysis.choice_model",
    "ExplodedLogit": "analysis.exploded_logit",
    "LatentClassLogit": "analysis.latent_class",
    "MixedLogit": "analysis.mixed_logit",
    "NestedLogit": "analysis.nested_logit",
    "concentration": "analysis.shares",
    "load_choices": "analysis.frame",
    "market_shares": "analysis.shares",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Imports a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'analysis' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)
