"""Whether a text is one that an embedded model has hardly read. Live half: it computes."""

from __future__ import annotations

from app import records
from app.engine.surprise import mean_surprise
from app.lesson import Context, Page

RECORD = "world"


def outside(context: Context, page: Page) -> str:
    """One sentence where an embedded model has hardly read texts like this one, else "".

    That is where the text surprises it more than every recorded beginning of a text of its world.
    """
    spec = context.registry.spec(page.model)
    loaded = context.model(page)
    ids = loaded.tokenizer.encode(page.text or "")
    if spec.source != "embedded" or not ids:
        return ""
    data = records.read(RECORD)["data"]
    largest, found = data["models"][spec.name]["largest"], mean_surprise(loaded, ids)
    if found <= largest:
        return ""
    values = {"found": f"{found:.1f}", "largest": f"{largest:.1f}", "n": f"{data['beginnings']:,}"}
    return context.text("about.outside", model=spec.name, **values)
