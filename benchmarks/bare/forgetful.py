"""The app, forgetting a learner after seconds instead of minutes: to measure what a visit leaves."""

import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import app.doors.building  # noqa: E402
import app.host  # noqa: E402

app.host.FORGOTTEN_AFTER = 4
app.doors.building.SWEEP = 1.0
sys.argv[0] = str(ROOT / "app.py")
runpy.run_path(sys.argv[0], run_name="__main__")
