# %% [markdown]
"""
# Planning: how many worlds?

Trials with a model cost money, and a run that is too small finds nothing, or finds it
exaggerated. `aces plan` tells what a run will be able to say, *before* the first trial. It draws
worlds by your design and works out how much they would tell about each coefficient.

We plan the experiment of these notebooks, and then hold the plan against what the stored run
delivered.
"""

# %%
import json
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import norm

import analysis
from analysis import ConditionalLogit, load_choices

ROOT = Path(analysis.__file__).parents[1]
CONFIG = ROOT / "experiments" / "configs" / "notebooks.yaml"  # or your own: "mine.yaml"
command = ["-m", "aces", "plan", str(CONFIG), "--json", "--precision", "overall_pick=0.2"]
done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True)
plan = json.loads(done.stdout)
pd.Series(plan["size"], dtype=object)

# %% [markdown]
"""
## It depends on the buyer

How much a trial tells depends on how open the choice is. A buyer who takes the same product
almost always tells next to nothing about badges: there is nothing left to move. So the plan gives
several answers. With a real model you do not know beforehand which holds; a pilot of 50 worlds
tells.
"""

# %%
names = ["term", "coefficient", "s.e.", "found with 80 % power", "power"]
plans = {f"{one['buyer']}, {one['prior']}": one for one in plan["precision"]}
tables = {
    name: pd.DataFrame(one["rows"], columns=names).set_index("term") for name, one in plans.items()
}
pd.DataFrame({name: table["s.e."] for name, table in tables.items()}).round(3)

# %% [markdown]
"""
**How to read it.** The smallest effect that a test at 5 % finds four times in five is about 2.8
standard errors: 1.96 for being significant, 0.84 for the power. With a standard error of 0.2,
that is a coefficient of 0.56, which multiplies the odds against any rival by exp(0.56), about
1.75.

## Power by size

Standard errors shrink with the square root of the number of worlds. That is all one needs to draw
the curve for an effect of 0.5.
"""

# %%
planned = plan["size"]["worlds"]
worlds = np.linspace(50, 2000, 100)
figure, axis = plt.subplots(figsize=(6.5, 3.4), layout="constrained")
for name, table in tables.items():
    if name.startswith("any"):
        errors = table["s.e."]["overall_pick"] * np.sqrt(planned / worlds)
        axis.plot(worlds, norm.cdf(0.5 / errors - 1.96), label=name.removeprefix("any buyer, "))
axis.axhline(0.8, color="grey", linestyle=":")
axis.axvline(planned, color="grey", linewidth=0.8)
axis.set(xlabel="worlds", ylabel="power", title="To find a badge effect of 0.5", ylim=(0, 1))
axis.legend(fontsize=8)
plt.show()

# %% [markdown]
"""
Or the other way round: `--precision overall_pick=0.2` asked how many worlds *per errand* make the
95 % interval ± 0.2.
"""

# %%
pd.Series({name: one["needed"][0]["worlds_per_task"] for name, one in plans.items()})

# %% [markdown]
"""
## Did the run deliver?

The plan for `old` knew its planted tastes. The stored run has 300 worlds of it; here are the
errors that came out, beside those planned. They agree within what chance does to them.
"""

# %%
RUN = Path(analysis.__file__).parent / "notebooks" / "stored"
choices = load_choices(RUN)
table = tables["old, as planted"]
result = ConditionalLogit.from_formula(
    f"chosen ~ {' + '.join(table.index)}",
    data=choices[choices.buyer == "old"],
    choice_set="trial_id",
    effects="product_id",
    cluster="world_id",
).fit()
pd.DataFrame({"planned": table["s.e."], "came out": result.bse}).round(3)

# %% [markdown]
"""
## A difference needs more

[Two models](two_models.ipynb) asked how far the badge's coefficient moved. Two estimates, each
with an error of its own, differ with the error √(s₁² + s₂²); a second run of the old version
halves s₁². Below: the power to find the planted change, from 1.2 to 0.2, and to find half of it.
"""

# %%
old, new = (tables[f"{name}, as planted"]["s.e."]["overall_pick"] for name in ("old", "new"))
error = pd.Series(
    {"one old run": np.hypot(old, new), "two old runs": np.hypot(old / np.sqrt(2), new)}
)
power = {f"power to find {size}": norm.cdf(size / error - 1.96) for size in (1.0, 0.5)}
pd.DataFrame({"error": error} | power).round(2)

# %% [markdown]
"""
So the run had a good chance to find the whole change, and missed it nevertheless: that happens to
one such run in twelve. Half the change it would have missed three times in five.

What planning can't know: trials that will fail or abstain (plan for more), worlds that a model
answers alike each time (more *worlds* help, more `repeats` do not), and tests that you add later.
Write the plan down with `aces plan mine.yaml --lock mine.lock.json` before you run it.

Next: [choice data from elsewhere](other_data.ipynb).
"""
