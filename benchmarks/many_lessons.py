"""The app with more lessons than there are: copies of the first one, for benchmarks.startup.

python benchmarks/many_lessons.py --lessons 8 [what app.py takes]
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.settings import Settings

parser = argparse.ArgumentParser()
parser.add_argument("--lessons", type=int, required=True)
given, rest = parser.parse_known_args()
settings = Settings.from_args(rest)
settings.export()

from app import shell  # noqa: E402
from app.host import Host  # noqa: E402
from lessons import LESSONS  # noqa: E402

copies = range(given.lessons - len(LESSONS))
lessons = [*LESSONS, *(replace(LESSONS[0], id=f"copy-{n}", order=100 + n, first=False) for n in copies)]
host = Host(settings)
demo = shell.build(lessons, host)
demo.launch(**shell.launch_options(demo, lessons, host))
