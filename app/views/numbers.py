"""How numbers are written, the same in every sentence. The browser's own is `percent` of assets/js/dom.js."""

from __future__ import annotations


def percent(p: float, digits: int = 1) -> str:
    """0.382 -> "38.2%", and never "0.0%" for what is not nothing: "<0.1%"."""
    shown = f"{100 * p:.{digits}f}"
    return f"<{10**-digits:.{digits}f}%" if p > 0 and float(shown) == 0 else f"{shown}%"
