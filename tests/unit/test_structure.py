"""The arrows of the code run one way, and what is tracked is ours, small and readable."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_FILE_BYTES = 10_000_000  # a Space refuses larger files outside LFS
LONGEST_MODULE = 250  # lines; a longer one says why in its first
MAX_LINE = 2000  # nobody writes such a line of JavaScript or CSS by hand

# What may not be imported, by folder. app.py → lessons → app.views → app.engine → app.models.
PAGE = ("gradio", "app.views", "app.shell", "lessons")
FORBIDDEN = {
    "app/models": (*PAGE, "app.engine", "training"),
    "app/engine": (*PAGE, "training"),
    "app/browser": (*PAGE, "training"),
    "app/views": ("lessons", "app.shell", "training"),
    "app/endpoints.py": (*PAGE, "training"),
    "app/task_endpoints.py": (*PAGE, "training"),
    "app/attention_endpoints.py": (*PAGE, "training"),
    "app/pretraining_endpoints.py": (*PAGE, "training"),
    "app/glossary_endpoints.py": (*PAGE, "training"),
    "app/settings.py": ("gradio", "torch", "transformers", "app", "lessons"),  # and see ALLOWED
    "app/shell.py": ("lessons", "training"),
    "app": ("lessons", "training"),
    "app.py": ("training",),
    "lessons": ("app.shell", "training"),
    # the workshop beside the page: corpus ← pretrain ← evaluate
    "training": ("gradio", "plotly", "bertviz", "lessons", "benchmarks", "tests"),
    "training/corpus": ("app", "training.pretrain", "training.evaluate", "training.records"),
    "training/pretrain": ("training.evaluate", "training.records"),
    "training/evaluate": ("training.records",),
}
ALLOWED = {"app/settings.py": ("app.i18n", "app.languages", "app.proxy", "app.terminal")}  # tables and texts


def python_files(under: str) -> list[Path]:
    """Python files of the app at or under `under`, relative to the repository."""
    path = ROOT / under
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def imports(path: Path, typing: bool = False) -> Iterator[tuple[str, bool]]:
    """(dotted name, happens when the module is imported) of everything that `path` imports, however deep.

    `from a import b` gives `a.b`, which stands for both. Imports under `if TYPE_CHECKING:` do not happen, and
    come along only with `typing`.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for guard in ast.walk(tree)
        if isinstance(guard, ast.If) and ast.unparse(guard.test).endswith("TYPE_CHECKING")
        for node in ast.walk(guard)
    }
    in_function = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only and not typing:
            continue
        at_import = id(node) not in in_function and id(node) not in typing_only
        if isinstance(node, ast.Import):
            yield from ((alias.name, at_import) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            folder = path.relative_to(ROOT).parent.parts
            package = folder[: len(folder) - node.level + 1] if node.level else ()
            module = ".".join([*package, *([node.module] if node.module else [])])
            yield from ((f"{module}.{alias.name}", at_import) for alias in node.names)


def starts_with(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("under", FORBIDDEN)
def test_imports_follow_the_arrows(under: str):
    files = python_files(under)
    assert files, f"{under} is empty"
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name, _ in imports(path, typing=True)
        for package in FORBIDDEN[under]
        if starts_with(name, package) and not any(starts_with(name, free) for free in ALLOWED.get(under, ()))
    ]
    assert not wrong, "\n".join(wrong)


def arrows() -> dict[str, set[str]]:
    """{module: the modules of this repository that it imports, for its types alone too}."""
    files = {path: list(path.relative_to(ROOT).with_suffix("").parts) for path in python_files("app")}
    for folder in ("lessons", "training"):
        files |= {path: list(path.relative_to(ROOT).with_suffix("").parts) for path in python_files(folder)}
    modules = {
        ".".join(parts[:-1] if parts[-1] == "__init__" else parts): path for path, parts in files.items()
    }
    return {
        module: {
            found
            for name, _ in imports(path, typing=True)
            for found in [name if name in modules else name.rpartition(".")[0]]
            if found in modules and found != module
        }
        for module, path in modules.items()
    }


def test_no_import_circle():
    """Taking away again and again what imports nothing more leaves the circles, and what leads to them."""
    left = arrows()
    assert len(left) > 50 and left["app.host"], "nothing was looked at"
    while free := {module for module, taken in left.items() if not taken & left.keys()}:
        left = {module: taken for module, taken in left.items() if module not in free}
    assert not left, {module: sorted(taken & left.keys()) for module, taken in left.items()}


def test_lessons_import_at_the_top():
    """The live half comes at the first action as a whole: nothing is imported inside a function."""
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in python_files("lessons")
        for name, at_import in imports(path)
        if not at_import
    ]
    assert not wrong, "\n".join(wrong)


def test_a_module_is_read_in_one_sitting():
    """A longer one says in its first line why it is one: `(long: …)`."""
    wrong = []
    for path in [*python_files("app"), *python_files("lessons")]:
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > LONGEST_MODULE and "(long: " not in lines[0]:
            wrong.append(f"{path.relative_to(ROOT)}: {len(lines)} lines")
    assert not wrong, "\n".join(wrong)


def test_the_workshop_takes_only_engine_and_models_from_the_page():
    """What it makes is read by the page as files; what it shares with it stands in these two packages."""
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in python_files("training")
        for name, _ in imports(path)
        if starts_with(name, "app")
        and not any(starts_with(name, package) for package in ("app.engine", "app.models"))
    ]
    assert not wrong, "\n".join(wrong)


def test_compute_modules_never_import_gradio():
    """A lesson's numbers can be had, and tested, without a page."""
    files = sorted(ROOT.glob("lessons/*/compute.py"))
    assert files, "no lesson has a compute.py"
    wrong = [path for path in files if any(starts_with(name, "gradio") for name, _ in imports(path))]
    assert not wrong


def test_what_the_first_page_needs_does_not_import_torch():
    """torch and transformers come in the background, after the first page is served."""
    files = [path for folder in ("app/models", "app/views") for path in python_files(folder)]
    files += [*ROOT.glob("app/*.py"), *ROOT.glob("lessons/*/lesson.py"), ROOT / "app.py"]
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name, at_import in imports(path)
        if at_import and name.split(".")[0] in ("torch", "transformers")
    ]
    assert not wrong, "\n".join(wrong)


FIRST_PAGE = """
import json, sys
sys.argv = ["app.py"]
import app as package
from app import shell
from app.host import Host
from app.settings import Settings
from lessons import LESSONS
demo = shell.build(LESSONS, Host(Settings()))
sizes = {f"{lang}/{name}": len(json.dumps(light())) for (lang, name), light in shell.light(demo).items()}
before = sorted(sys.modules)
live = [lesson.stage.live for lesson in LESSONS]
for lesson in LESSONS:
    lesson.stage.loaded
print(json.dumps({"sizes": sizes, "before": before, "after": sorted(sys.modules), "live": live}))
"""


def test_what_is_loaded_for_the_first_page_is_no_torch_and_no_live_half():
    """What Python really loaded, in a process of its own, until the page and all first pictures were made."""
    command = [sys.executable, "-c", FIRST_PAGE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=240, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    heavy = {"torch", "transformers", "safetensors", "onnx", "onnxscript"}
    assert min(found["sizes"].values()) > 100, "a first picture was not made"
    assert not heavy & set(found["before"])
    assert "torch" in found["after"], "the live halves bring it"
    assert found["live"] and not set(found["live"]) & set(found["before"])
    assert set(found["live"]) <= set(found["after"])


def tracked() -> list[Path]:
    """Files that git tracks, or would track once they are added."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    paths = [ROOT / name for name in done.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def test_no_tracked_file_is_too_large():
    assert not [path for path in tracked() if path.stat().st_size > MAX_FILE_BYTES]


def test_no_built_code_is_tracked():
    """Third-party files come from packages: no wasm, no source maps, no minified lines, no vendor folder."""
    built = [
        path for path in tracked() if path.suffix in (".wasm", ".map", ".woff", ".woff2", ".ttf", ".otf")
    ]
    built += [path for path in tracked() if re.search(r"\.min\.|/(vendor|node_modules)/", path.as_posix())]
    for path in tracked():
        if path.suffix in (".js", ".mjs", ".css", ".html"):
            lines = path.read_text(encoding="utf-8").splitlines()
            built += [path] if any(len(line) > MAX_LINE for line in lines) else []
    assert not built


def test_assets_load_nothing_from_outside():
    """Addresses in assets may be namespaces or links to press, never what a browser loads by itself."""
    loads = re.compile(
        r"""(?:\bsrc\s*[=:]\s*|@import\s+(?:url\()?\s*|\burl\(\s*|\bimport\s*\(?\s*|\bfrom\s+|\bfetch\(\s*
            |\bimportScripts\(\s*|<link[^>]*\bhref\s*=\s*)["'`]?(?:https?:)?//[\w.-]+\.\w""",
        re.VERBOSE,
    )
    files = [path for path in tracked() if path.suffix in (".js", ".mjs", ".css", ".html", ".svg")]
    assert files, "no asset was found"
    wrong = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in files
        for match in loads.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not wrong, "\n".join(wrong)


def test_no_component_asks_for_a_web_font():
    """`GoogleFont` would be the one request of a Gradio theme that leaves this machine."""
    files = [*python_files("app"), *python_files("lessons"), ROOT / "app.py"]
    assert not [path for path in files if "GoogleFont" in path.read_text(encoding="utf-8")]


def test_bare_except_hides_nothing():
    """`except:` and `except Exception: pass` would swallow the traceback that tells us of our own errors."""
    wrong = []
    for path in [*python_files("app"), *python_files("lessons"), ROOT / "app.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                broad = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
                silent = all(isinstance(statement, ast.Pass) for statement in node.body)
                if node.type is None or (broad and silent):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not wrong, "\n".join(wrong)
