# %% [markdown]
"""
# Comparing two models

A model was updated. Does the new version buy differently, and why? The stored run has the old
version twice (`old`, `old_again`) and the new one (`new`), all on the same 300 worlds. Two runs
of *one* version differ too, since a model that is asked twice need not answer the same. So the
old version against itself is the yardstick: only what goes beyond it is the update's.

Read [What position and price do](position_and_price.ipynb) before this one.
"""

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import analysis
from aces.store import RunStore
from analysis import ConditionalLogit, load_choices
from analysis.compare import compare
from analysis.drift import Settings
from analysis.drift_findings import drift

RUN = Path(analysis.__file__).parent / "notebooks" / "stored"
choices = load_choices(RUN)  # two runs of your own: load_choices(["runs/march", "runs/june"])
TERMS = ["row_1", "col_1", "col_2", "col_3", "log_price", "sponsored", "overall_pick", "scarcity"]

# %% [markdown]
"""
## How often do they buy the same?

`compare` pairs the trials of two buyers by world. (Buyers of two runs are told apart by `{"run":
"march"}`.)
"""

# %%
against = {
    "itself": compare(choices, {"buyer": "old"}, {"buyer": "old_again"}, TERMS),
    "the update": compare(choices, {"buyer": "old"}, {"buyer": "new"}, TERMS),
}
pd.DataFrame(
    {name: [one.pairs, *one.agreement] for name, one in against.items()},
    index=["pairs", "same product", "95 % from", "to"],
).round(3)

# %% [markdown]
"""
Without the yardstick one would say: "the update changed three purchases of four". But so did
doing nothing. Agreement counts chance as change; it is useful only for buyers without chance,
such as a model at temperature 0.

## Did anything change at all?

One question deserves one test. If the update did nothing, then within each world it is arbitrary
which outcome is called old and which new. `drift` hands the outcomes out anew many times and sees
how rarely the shares of all products differ as much as they did. It asks the same of the old
version's two runs: that p-value should *not* be small. If it is, something else differs between
runs (a server, a date), and the update can't be blamed.
"""

# %%
shares, _ = drift(choices, Settings("drift", ("old", "old_again"), ("new",), tuple(TERMS)))
list(shares.notes)

# %% [markdown]
"""
## What changed in its taste?

`coefficients` holds the difference of each coefficient, second minus first, from one model for
both. Errors are clustered by world, so that they allow for both having met the same worlds.
"""

# %%
with RunStore.open(RUN) as run:
    truths = run.meta("truths")
planted = [truths["new"].get(term, 0) - truths["old"].get(term, 0) for term in TERMS]
differences = against["the update"].coefficients.set_index("term")
differences.assign(planted=planted).round(3)

# %%
figure, axis = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
axis.axvline(0, color="grey", linewidth=0.8)
for color, (name, one) in zip(("C1", "C0"), against.items(), strict=True):
    rows = np.arange(len(TERMS)) + (0.15 if name == "itself" else -0.15)
    axis.hlines(rows, one.coefficients.ci_low, one.coefficients.ci_high, color=color)
    axis.plot(one.coefficients.difference, rows, "o", color=color, label=f"old against {name}")
axis.plot(planted, range(len(TERMS)), "kd", markersize=4, label="planted change")
axis.set_yticks(range(len(TERMS)), TERMS)
axis.invert_yaxis()
axis.set_xlabel("difference of coefficients (log odds)")
axis.legend(fontsize=8)
plt.show()

# %% [markdown]
"""
The new version minds the price more: planted, and found. It also trusts the badge `overall_pick`
less: planted, and **not** found. The interval holds 0 and just misses the truth, −1, as one
interval in twenty does. "Not significant" is not "no change": read the interval, and before the
next run read [Planning](power_planning.ipynb).

## Coefficients have a scale

Coefficients of a logit are measured against the buyer's own noise. A version that is merely
noisier has *all* coefficients nearer to 0, though it wants the same. Ratios are free of that:
what is the badge worth in price, to each? (They also answer another question: a badge is worth
less in price, too, to one who minds the price more.)
"""

# %%
rows = []
for buyer in ("old", "old_again", "new"):
    model = ConditionalLogit.from_formula(
        f"chosen ~ {' + '.join(TERMS)}",
        data=choices[choices.buyer == buyer],
        choice_set="trial_id",
        effects="product_id",
        cluster="world_id",
    )
    change = model.fit().compensating_price_change("overall_pick")
    rows.append((buyer, 100 * change.change, 100 * change.ci_low, 100 * change.ci_high))
pd.DataFrame(rows, columns=["buyer", "badge, % of price", "from", "to"]).set_index("buyer").round(0)

# %% [markdown]
"""
## Who gained and who lost?

The shares of sixteen products are sixteen tests, and one in twenty is significant by chance. `p
(BH)` is the p-value after Benjamini and Hochberg: name the products below 0.05, and one in twenty
of those you name will be wrong, on average. *Same version* is what doing nothing did.
"""

# %%
pd.DataFrame(shares.table.rows, columns=shares.table.columns).drop(columns="interface")

# %%
update, itself = against["the update"].shares, against["itself"].shares
order = update.sort_values("difference").index
figure, axis = plt.subplots(figsize=(6.5, 4.4), layout="constrained")
axis.axvline(0, color="grey", linewidth=0.8)
names = update.product_id[order]
axis.hlines(names, 100 * update.ci_low[order], 100 * update.ci_high[order])
axis.plot(100 * update.difference[order], names, "o", label="update, 95 % interval")
axis.plot(100 * itself.difference[order], names, "x", label="same version again")
axis.set_xlabel("change of share, points")
axis.legend(fontsize=8)
plt.show()

# %% [markdown]
"""
Shares moved, by the joint test; *which* products moved, 300 trials a version can't say at this
standard. That is a result, and it is what to report.

In the shell:

```
aces analyze runs/march runs/june --compare
```

The study [Update shock](../../docs/studies/update.md) has all of it as an experiment file,
planned and registered before the first trial.
"""
