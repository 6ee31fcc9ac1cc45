"""Draws docs/pictures/shelf.png from the runs of `make demo`: a shelf and its slots."""

import io
from pathlib import Path

from PIL import Image

from aces.store import RunStore
from analysis.analyze import analyze
from analysis.fits import SLOTS
from analysis.report.heat import HeatMap, heat_map
from analysis.report.style import INK, MUTED, figure

ROOT = Path(__file__).resolve().parent.parent


def screenshot() -> Image.Image:
    """Returns the first screenshot of the browser run, without the empty foot of the page."""
    with RunStore.open(ROOT / "runs" / "demo-browser") as store:
        query = "SELECT screenshot FROM steps JOIN trials USING (trial_id) ORDER BY plan_index"
        (name,) = store.db.execute(query).fetchone()
        page = Image.open(io.BytesIO(store.blobs.get(name)))
    return page.crop((0, 0, page.width, 1000))


def slots() -> HeatMap:
    """Returns the heat map of the planted shoppers of the in-process run."""
    with RunStore.open(ROOT / "runs" / "demo") as store:
        fits = analyze(store).fits
    fit = next(f for f in fits if f.analysis == SLOTS and f.group["buyer"] == "planted")
    return heat_map(fit, 4)


def draw(page: Image.Image, heat: HeatMap, path: Path) -> None:
    """Draws both, side by side."""
    with figure(9.4, 4.0) as (made, axes):
        axes.remove()
        left, right = made.subplots(1, 2, width_ratios=(1.4, 1))
        left.imshow(page, interpolation="lanczos")
        left.set_axis_off()
        for cell in heat.cells:
            row, column = divmod(cell.slot - 1, heat.columns)
            box = {"facecolor": cell.colour, "edgecolor": "white", "linewidth": 3}
            right.add_patch(_box(column, row, box))
            right.text(column + 0.5, row + 0.46, cell.share, ha="center", size=13, color=INK)
            note = f"± {cell.spread}\nplanted {cell.planted}"
            right.text(column + 0.5, row + 0.74, note, ha="center", size=7, color=MUTED)
        right.set(xlim=(0, heat.columns), ylim=(len(heat.cells) // heat.columns, 0))
        right.set_title("share each slot takes if all listings were alike", size=9, color=INK)
        right.set_axis_off()
        made.savefig(path, dpi=150, facecolor="white", metadata={"Software": None})


def _box(column: int, row: int, style: dict[str, object]) -> object:
    from matplotlib.patches import Rectangle

    return Rectangle((column, row), 1, 1, **style)  # type: ignore[arg-type]


if __name__ == "__main__":
    target = ROOT / "docs" / "pictures" / "shelf.png"
    target.parent.mkdir(exist_ok=True)
    draw(screenshot(), slots(), target)
