"""How answers are packed for the way: brotli where the browser takes it or gzip."""

from __future__ import annotations

import gzip

try:  # comes with Gradio
    import brotli
except ImportError:
    brotli = None


def best_coding(accepted: str) -> str:
    """The best of our codings in an Accept-Encoding header: "br", "gzip" or "" for none."""
    entries = ("".join(entry.split()).partition(";q=") for entry in accepted.split(","))
    names = {name for name, _, weight in entries if not weight or weight.strip("0.")}
    return next((name for name in ("br", "gzip") if name in names and (brotli or name != "br")), "")


def encode(body: bytes, coding: str) -> bytes:
    """`body` in one of `best_coding`, packed within a few milliseconds."""
    if coding == "br":
        return brotli.compress(body, quality=5)
    return gzip.compress(body, 6, mtime=0) if coding == "gzip" else body


def packed_quickly(body: bytes, coding: str) -> bytes:
    """As `encode`, for what is made for one learner and sent once."""
    if coding == "br":
        return brotli.compress(body, quality=1)
    return gzip.compress(body, 1, mtime=0) if coding == "gzip" else body
