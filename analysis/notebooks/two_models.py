# %% [markdown]
"""
# Comparing two models

A model was updated. Did the update change what it buys, and why? The stored run has the old
version twice (`old`, `old_again`) and the new one (`new`), all on the same 300 worlds. Two runs
of *one* version differ too, since a model that is asked twice need not answer the same. So the
old version against itself is the yardstick: only what goes beyond it is the update's.

Read [What position and price do](position_and_price.ipynb) before this one.
"""

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

import analysis
from aces.store import RunStore
from analysis import load_choices
from analysis.comparison.versions import compare_versions

RUN = Path(analysis.__file__).parent / "notebooks" / "stored"
choices = load_choices(RUN)
TERMS = ["row_1", "col_1", "col_2", "col_3", "log_price", "sponsored", "overall_pick", "scarcity"]

# %% [markdown]
"""
## How often do they buy the same?

Every version met every world once. Put their purchases side by side, world by world, and count.
"""

# %%
bought = choices[choices.chosen == 1].pivot(index="world_id", columns="buyer", values="product_id")
pd.Series(
    {
        "old and old_again buy the same": (bought.old == bought.old_again).mean(),
        "old and new buy the same": (bought.old == bought.new).mean(),
    }
).round(3)

# %% [markdown]
"""
Without the yardstick one would say: "the update changed three purchases of four". But so did
doing nothing. Agreement counts chance as change; it says something only of buyers without chance.

## Did anything change at all?

As a rule versions are runs of their own: `march`, `june`, and a second run in March. The next
line makes the stored run look like that; with runs of your own, `load_versions(["runs/march",
"runs/june"], replicate="runs/march-again")` from the same module takes its place.
"""

# %%
versions = choices.assign(run=choices.buyer, buyer="model")
(found,) = compare_versions(versions, TERMS, replicate="old_again")
answer, products, tastes, ratios, movers = found
list(answer.notes)

# %%
tests = pd.DataFrame(answer.table.rows, columns=answer.table.columns).set_index("question")
asked = ["any change", "shares of all products", "all coefficients", "old version against itself"]
tests.loc[asked]

# %% [markdown]
"""
One question deserves one answer, and that is the first line: the smallest p-value of the joint
tests, times their number. `shares of all products` hands the outcomes of each world to the
versions anew, at random, many times: if the update did nothing, it is arbitrary which is called
old and which new. The last line asks the same of the old version's two runs; that p-value should
*not* be small. If it is, something else differs between runs (a server, a date), and the update
can't be blamed.

## What changed in its taste?

Below is the change of each coefficient, in a table and as a figure. Errors are clustered by
world, so that they allow for all versions having met the same worlds. *Same version* is the
change between the two old runs.
"""

# %%
with RunStore.open(RUN) as run:
    truths = run.meta("truths")
planted = [truths["new"].get(term, 0) - truths["old"].get(term, 0) for term in TERMS]
changes = pd.DataFrame(tastes.table.rows, columns=tastes.table.columns).set_index("term")
changes.assign(planted=planted)

# %%
update = pd.DataFrame([row.model_dump() for row in tastes.estimates()]).set_index("term").loc[TERMS]
same = changes["same version"].str.replace("−", "-").astype(float)
figure, axis = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
axis.axvline(0, color="grey", linewidth=0.8)
axis.hlines(TERMS, update.ci_low, update.ci_high)
axis.plot(update.estimate, TERMS, "o", label="update, 95 % interval")
axis.plot(same, TERMS, "x", label="same version again")
axis.plot(planted, TERMS, "kd", markersize=4, label="planted change")
axis.invert_yaxis()
axis.set_xlabel("change of the coefficient (log odds)")
axis.legend(fontsize=8)
plt.show()

# %% [markdown]
"""
The new version minds the price more: planted, and found. It also trusts the badge `overall_pick`
less: planted as well, and **not** found. The interval holds 0; it also holds the truth, −1. "Not
significant" is not "no change": read the interval, and before the next run read
[Planning](power_planning.ipynb).

## Is one cause enough?

A *cause suffices* where nothing else need have changed to explain the data. `nothing but noise`
is the cause to rule out first: a version that is merely more erratic has all its coefficients
nearer to 0, though it wants the same.
"""

# %%
tests.loc[[name for name in tests.index if name.startswith("nothing but")]]

# %% [markdown]
"""
Price suffices; the others do not. We planted two changes, and one explains these data. So take
"suffices" literally: this run does not *need* a second cause. It has not shown that there is
none.

Ratios of coefficients are free of noise. Here each is over the price's: how much more may a
listing cost, in logarithms, for the term? (Mind that they all move when the taste for price
does.)
"""

# %%
pd.DataFrame(ratios.table.rows, columns=ratios.table.columns).set_index("term")

# %% [markdown]
"""
## Who gained and who lost?

The shares of sixteen products are sixteen tests, and one in twenty is significant by chance. `p
(BH)` is the p-value after Benjamini and Hochberg: of the products that you name because it is
below 0.05, one in twenty will be wrong, on average.
"""

# %%
pd.DataFrame(products.table.rows, columns=products.table.columns).set_index(["task", "product"])

# %%
moved = pd.DataFrame([row.model_dump() for row in products.estimates()])
moved = moved.sort_values("estimate")
figure, axis = plt.subplots(figsize=(6.5, 4.2), layout="constrained")
axis.axvline(0, color="grey", linewidth=0.8)
axis.hlines(moved.product_id, 100 * moved.ci_low, 100 * moved.ci_high)
axis.plot(100 * moved.estimate, moved.product_id, "o")
axis.set_xlabel("change of share, points, 95 % interval (unadjusted)")
plt.show()

# %% [markdown]
"""
Shares moved, by the joint test; *which* products moved, 300 trials a version can't say at this
standard. That is a result, and it is what to report.

What would explain the largest changes, if the estimates were exact? Points of share, and what
each part of the taste contributes:
"""

# %%
pd.DataFrame(movers.table.rows, columns=movers.table.columns).set_index("product")

# %% [markdown]
"""
In the shell:

```
aces analyze runs/march runs/june --compare --replicate runs/march-again
```

The study [Update shock](../../docs/studies/update.md) has all of it as an experiment file,
planned and registered before the first trial.
"""
