"""Find or install the Chromium that the UI tests and the benchmarks drive.

python -m tests.harness.chromium        make sure that there is one, and a Korean font for it
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DEBIAN_PACKAGES = ("chromium", "fonts-noto-cjk")

# Nothing but the page under test may talk, and it to this machine only. Blocking by name resolution leaves
# the browser's cache and speed as they are, which intercepting every request would not.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def on_path() -> str | None:
    """Path of an installed Chromium or Chrome."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def launch(playwright: Playwright) -> Browser:
    """Headless Chromium with a fresh user-data-dir, which playwright makes and deletes itself."""
    return playwright.chromium.launch(executable_path=on_path(), headless=True, args=list(FLAGS))


def install() -> None:
    """Install a browser when none is found: Debian's own when we may, else playwright's.

    Raises:
        subprocess.CalledProcessError: an installation failed; its output stands above.
    """
    if on_path() and _has_korean_font():
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment)
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *DEBIAN_PACKAGES]
        subprocess.run(command, check=True, env=environment)
    elif not on_path():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


def _has_korean_font() -> bool:
    """True as well where fontconfig is missing (macOS), whose systems bring Korean fonts along."""
    if not shutil.which("fc-list"):
        return True
    return bool(subprocess.run(["fc-list", ":lang=ko"], capture_output=True, check=True).stdout.strip())


if __name__ == "__main__":
    install()
