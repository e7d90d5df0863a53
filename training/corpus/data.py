"""Reading the lexicon: tab-separated tables with a header line, '#' starts a comment line."""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@cache
def rows(table: str) -> tuple[dict[str, str], ...]:
    """The rows of lexicon/<table>.tsv as dicts; missing cells at the end of a line are ''."""
    lines = (FOLDER / "lexicon" / f"{table}.tsv").read_text(encoding="utf-8").splitlines()
    cells = [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]
    header, body = cells[0], cells[1:]
    for row in body:
        if len(row) > len(header):
            raise ValueError(f"{table}.tsv: too many cells in {row}")
    return tuple(dict(zip(header, row + [""] * (len(header) - len(row)), strict=True)) for row in body)
