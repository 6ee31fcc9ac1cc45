"""Linear restrictions as people write them: `log_price[a] = log_price[b]`, `rating = 1`."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from aces.errors import EstimationError
from aces.stats.choice_data import Floats

Restrictions: TypeAlias = str | Sequence[str] | Mapping[str, float] | tuple[ArrayLike, ArrayLike]
"""`a = b, c = 1`, a list of such, {name: value}, or arrays R and r of R b = r."""


def read(asked: Restrictions, names: Sequence[str]) -> tuple[Floats, Floats, tuple[str, ...]]:
    """Returns R (q, K), r (q,) and how each restriction was written.

    Args:
        asked: The restrictions; without `=` an expression is to be 0.
        names: (K,) names of the coefficients.

    Raises:
        EstimationError: If one can't be read; the message lists the names there are.
    """
    if isinstance(asked, tuple) and len(asked) == 2 and not isinstance(asked[0], str):
        R = np.atleast_2d(np.asarray(asked[0], float))
        r = np.atleast_1d(np.asarray(asked[1], float))
        if R.shape != (len(r), len(names)):
            raise EstimationError(
                f"R must be ({len(r)}, {len(names)}): a row per value, a column per coefficient; "
                f"found {R.shape}."
            )
        return R, r, tuple(f"restriction {i + 1}" for i in range(len(r)))
    if isinstance(asked, Mapping):
        asked = [f"`{name}` = {value}" for name, value in asked.items()]
    texts = [asked] if isinstance(asked, str) else list(map(str, asked))
    parts = [_one(text, names) for text in texts]
    if not parts:
        raise EstimationError("there is no restriction: write one as 'log_price = -1'.")
    labels = tuple(
        text.replace("`", "") for text, (R, _) in zip(texts, parts, strict=True) for _ in R
    )
    return np.vstack([R for R, _ in parts]), np.concatenate([r for _, r in parts]), labels


def _one(text: str, names: Sequence[str]) -> tuple[Floats, Floats]:
    from formulaic.errors import FormulaicError
    from formulaic.utils.constraints import LinearConstraints

    try:
        found = LinearConstraints.from_spec(_quoted(text, names), variable_names=list(names))
    except (FormulaicError, KeyError, ValueError, TypeError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EstimationError(
            f"the restriction '{text}' can't be read ({said}). Write 'a = b' or 'a - 2 * b = 1' "
            f"with coefficients among: {', '.join(names)}."
        ) from error
    return np.asarray(found.constraint_matrix, float), np.asarray(found.constraint_values, float)


def _quoted(text: str, names: Sequence[str]) -> str:
    """The text with names that hold `:`, brackets or spaces set between backticks."""
    text = re.sub(r"=\s*(?=[-+])", "= 0 ", text)  # formulaic takes `=-` for one sign
    if "`" in text:
        return text
    special = sorted((n for n in names if not n.isidentifier()), key=len, reverse=True)
    if not special:
        return text
    pattern = "|".join(map(re.escape, special))
    return re.sub(pattern, lambda found: f"`{found[0]}`", text)
