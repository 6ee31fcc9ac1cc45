"""Writes the keys of the drawn pictures anew, after a drawing or a look has changed."""

import json

from aces.catalogs.demo import FOLDER, drawn_keys

if __name__ == "__main__":
    text = json.dumps(drawn_keys(), indent=1) + "\n"
    (FOLDER / "picture_keys.json").write_text(text, encoding="utf-8")
