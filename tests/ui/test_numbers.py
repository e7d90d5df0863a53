"""The browser writes a share as the sentences do."""

from __future__ import annotations

import pytest

from app.views.numbers import percent

pytestmark = pytest.mark.ui

PERCENT = """async (shares) => {
  const main = document.querySelector("script[src*='assets/js/main.js']").src;
  const { percent } = await import(main.replace("main.js", "dom.js"));
  return shares.map(([p, digits]) => percent(p, digits));
}"""


def test_a_share_is_written_as_in_python(open_page):
    visit = open_page(model=False)
    values = (0, 5e-324, 1e-46, 0.0004, 0.0005, 0.004, 0.006, 0.3824, 1)
    shares = [[p, digits] for p in values for digits in (0, 1, 2)]
    assert visit.page.evaluate(PERCENT, shares) == [percent(p, digits) for p, digits in shares]
    assert visit.page.evaluate(PERCENT, [[1e-46, 1], [0, 1]]) == ["<0.1%", "0.0%"]
