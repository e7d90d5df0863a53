"""The app with the two toy lessons alone.

python tests/toys/app.py [what app.py takes]
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from app.settings import Settings

settings = Settings.from_args()
settings.export()

from app import shell  # noqa: E402
from app.host import Host  # noqa: E402
from tests.toys import page_leads, server_leads, server_trains  # noqa: E402

LESSONS = (page_leads.LESSON, server_leads.LESSON, server_trains.LESSON)
host = Host(settings)
demo = shell.build(LESSONS, host)
demo.launch(**shell.launch_options(demo, LESSONS, host))
