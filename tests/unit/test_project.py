"""README front matter, requirements and Makefile say the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import gradio
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
SPACE_COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}


def front_matter() -> dict:
    """The YAML block at the top of README.md, which Hugging Face Spaces reads."""
    first, block, _ = (ROOT / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    assert first == "", "the front matter must begin in the first line"
    return yaml.safe_load(block)


def requirements(name: str) -> dict[str, Requirement]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    parsed = [Requirement(line) for line in lines if line and not line.startswith(("#", "-r"))]
    return {requirement.name: requirement for requirement in parsed}


def test_space_runs_the_pinned_gradio():
    pin = str(requirements("requirements.txt")["gradio"].specifier)
    assert pin == f"=={front_matter()['sdk_version']}" == f"=={gradio.__version__}"


def test_front_matter_is_what_spaces_accepts():
    space = front_matter()
    assert space["sdk"] == "gradio"
    assert (ROOT / space["app_file"]).is_file()
    assert space["title"] and space["emoji"]
    assert {space["colorFrom"], space["colorTo"]} <= SPACE_COLOURS
    assert 0 < len(space["short_description"]) <= 60
    assert isinstance(space["pinned"], bool)
    # YAML reads an unquoted 3.10 as the number 3.1.
    assert isinstance(space["python_version"], str)
    assert re.fullmatch(r"3\.\d+", space["python_version"])
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+", model) for model in space["models"])


def test_front_matter_agrees_with_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    space = front_matter()
    assert space["license"] == project["license"].lower() == "apache-2.0"
    assert Requirement("python" + project["requires-python"]).specifier.contains(space["python_version"])
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_models_of_the_space_can_be_picked():
    from app.models.registry import Registry

    assert set(front_matter()["models"]) <= set(Registry().names)


def test_make_installs_a_torch_that_the_requirements_allow():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    release = re.search(r"^TORCH\s*\?=\s*torch==(\S+)$", makefile, re.MULTILINE).group(1)
    assert requirements("requirements.txt")["torch"].specifier.contains(release)


def test_every_requirement_is_bounded():
    for name in ("requirements.txt", "requirements-dev.txt"):
        for requirement in requirements(name).values():
            operators = {specifier.operator for specifier in requirement.specifier}
            assert operators == {"=="} or operators >= {">=", "<"}, f"{name}: {requirement}"


def test_ruff_is_pinned_and_installed_as_pinned():
    from importlib.metadata import version

    assert str(requirements("requirements-dev.txt")["ruff"].specifier) == f"=={version('ruff')}"


def test_pictures_of_the_readme_exist():
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) + re.findall(r'src="([^"]+)"', text)
        local = [target for target in targets if "://" not in target]
        assert not [target for target in local if not (ROOT / target).exists()], name
