"""한 토큰씩 · One Token at a Time. Builds the app and launches it; see README.md."""

from app.settings import Settings

settings = Settings.from_args() if __name__ == "__main__" else Settings.from_environment()
settings.export()  # before gradio is imported: the libraries read the environment once

from app import start  # noqa: E402

start.check_model(settings)  # a fault is told before gradio is imported, which takes a while

from app import shell  # noqa: E402
from app.host import Host  # noqa: E402
from lessons import LESSONS  # noqa: E402

host = Host(settings)
demo = shell.build(LESSONS, host)

if __name__ == "__main__":
    demo.launch(**shell.launch_options(demo, LESSONS, host))
