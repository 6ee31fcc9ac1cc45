"""How often the form of the price term that was planted is found, on the shipped ladder.

    python -m benchmarks.price_forms [--runs 200]

writes benchmarks/results/price-forms.md.
"""

import argparse
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aces.stats.price_forms import price_forms, price_matters, vuong

Floats = NDArray[np.float64]

RESULT = Path(__file__).parent / "results" / "price-forms.md"
GAPS = np.array([0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5])
PRICES = np.outer([9.99, 11.99, 22.99, 79.99, 749.0], [0.5, 1, 2]).ravel()
CHOICES = 780
TRUTHS: dict[str, Callable[[Floats], Floats]] = {
    "log, -6": lambda p: -6 * np.log(p),
    "log, -2": lambda p: -2 * np.log(p),
    "linear, -0.05 a dollar": lambda p: -0.05 * p,
    "threshold of $85, -4": lambda p: -4.0 * (p > 85),
    "noticed from 4 %, -2": lambda p: -2.0 * (p / p.min(axis=1, keepdims=True) > 1.04),
    "none": lambda p: 0 * p,
}


def one_run(truth: Callable[[Floats], Floats], generator: np.random.Generator) -> tuple[str, bool]:
    """Returns the best form, `none` where price moves nothing, and whether all others are worse."""
    low = generator.choice(PRICES, CHOICES)
    prices = np.tile((low * (1 + generator.choice(GAPS, CHOICES)))[:, None], (1, 2))
    prices[np.arange(CHOICES), generator.integers(2, size=CHOICES)] = low
    slots = np.tile([1, 2], (CHOICES, 1))
    utility = truth(prices) + 0.4 * (slots == 1)
    chosen = (utility + generator.gumbel(size=prices.shape)).argmax(axis=1)
    forms = price_forms(prices, slots, chosen)
    if price_matters(forms) >= 0.05:
        return "none", False
    best = min(forms[1:], key=lambda form: form.aic)
    others = [form for form in forms[1:] if form.name != best.name]
    values = [vuong(best, form, range(CHOICES)) for form in others]
    return best.name, all(p is not None and p < 0.05 for p in values)


def main() -> None:
    """Prints and writes the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=200)
    runs = parser.parse_args().runs
    names = ["log", "linear", "threshold", "noticed", "none"]
    lines = [
        f"| planted | {' | '.join(names)} | told apart from all others |",
        "|" + "---|" * (len(names) + 2),
    ]
    for planted, truth in TRUTHS.items():
        found = [one_run(truth, np.random.default_rng(seed)) for seed in range(runs)]
        counts = Counter(name for name, _ in found)
        apart = sum(sure for _, sure in found)
        cells = [f"{counts[name] / runs:.3f}" for name in names]
        lines.append(f"| {planted} | {' | '.join(cells)} | {apart / runs:.3f} |")
    text = (
        "# Forms of the price term\n\n"
        f"Share of {runs} simulated experiments ({CHOICES} choices between two listings, prices "
        "and gaps of `price-ladder-binary`, 0.4 for the first slot) in which each form was named "
        f"best. `python -m benchmarks.price_forms --runs {runs}`\n\n"
    )
    RESULT.write_text(text + "\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
