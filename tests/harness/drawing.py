"""What must hold for any drawing, asked in the page: `drawing.js` beside this file says what is wrong."""

from __future__ import annotations

from pathlib import Path

from tests.harness.visit import Visit

SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def load(visit: Visit) -> Visit:
    """`drawn` in the page: pictures, words, width and what they are made of. Motion stops."""
    visit.page.emulate_media(reduced_motion="reduce")
    visit.page.evaluate(SCRIPT)
    return visit


def wrong_words(visit: Visit, drawings: str, boxes: str, grounds: str = "none") -> list[str]:
    """Sentences about words that leave their box, lie on each other or on a box; [] where all is well.

    Args:
        drawings: selects the drawings (at least one is visible). boxes: what a box in them is.
        grounds: boxes on which other things may lie.
    """
    found = visit.page.evaluate(
        """([drawings, boxes, grounds]) => [...document.querySelectorAll(drawings)]
             .filter((one) => one.checkVisibility()).map((one) => drawn.words(one, boxes, grounds))""",
        [drawings, boxes, grounds],
    )
    assert found, f"no drawing is {drawings}"
    return [sentence for one in found for sentence in one]
