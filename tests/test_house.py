"""House rules that no other test would notice: what is committed, pinned, and imported."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house import ROOT, files, notebooks, text_files

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NOTEBOOKS = notebooks() or [ROOT / "notebooks" / "none"]


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_stored_without_outputs(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert cells
    assert [cell["source"] for cell in cells if cell["outputs"] or cell["execution_count"]] == []
    assert "widgets" not in notebook["metadata"]
    # Without it JupyterLab asks which kernel to take.
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"


def test_text_is_utf8_with_plain_line_ends():
    assert len(text_files()) > 20
    wrong = []
    for path in text_files():
        content = path.read_bytes()
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            wrong.append(path)
        if b"\r" in content or content.startswith(b"\xef\xbb\xbf"):
            wrong.append(path)
        if content and not content.endswith(b"\n"):
            wrong.append(path)
    assert names(wrong) == []


# Somebody's home, or the folder of somebody's build machine; not the path part of an address.
PLACE = re.compile(r"(?<![\w.~-])(?:/(?:home|Users|root|work)/\w|file:/{2}|[A-Z]:\\\\?Users)")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see /" + "home/ada/trace.txt", True),
        ("'/" + "work/main/data'", True),
        ("file:/" + "//tmp/wheels", True),
        ("https://example.org/" + "home/ada", False),
        ("~/" + "work/x", False),
        ("/sys/kernel/tracing/trace", False),
    ],
)
def test_a_place_of_one_machine_is_recognised(text, found):
    assert bool(PLACE.search(text)) is found


def test_no_file_names_a_place_of_one_machine():
    assert names([p for p in text_files() if PLACE.search(p.read_text(encoding="utf-8"))]) == []


def test_no_lock_files():
    """Lock files carry addresses; versions are pinned in constraints.txt alone."""
    lock = re.compile(r"(.*\.lock|.*-lock\.(json|yaml)|.*\.lockb|npm-shrinkwrap\.json)")
    assert names([path for path in files() if lock.fullmatch(path.name)]) == []


DATA = [path for path in files() if path.is_relative_to(ROOT / "data")]
DATA = [path for path in DATA if path.name != "README.md"] or [ROOT / "data" / "none"]


@pytest.mark.parametrize("path", DATA, ids=lambda path: str(path.relative_to(ROOT / "data")))
def test_data_say_where_they_come_from(path):
    """A README.md beside a data file, or above it in data/, names the file or its folder."""
    assert path.is_file()
    folders = [folder for folder in path.parents if folder.is_relative_to(ROOT / "data")]
    named = []
    for readme in (folder / "README.md" for folder in folders):
        name = path.relative_to(readme.parent).parts[0].partition(".")[0]
        words = readme.read_text(encoding="utf-8") if readme.is_file() else ""
        named.append(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", words) is not None)
    assert any(named)


HEAVY = ["IPython", "ipywidgets", "matplotlib", "numba", "pandas", "rich", "scipy.stats", "xarray"]


def test_importing_the_package_loads_nothing_heavy():
    code = f"import sys, fpsimd_model; print([n for n in {HEAVY} if n in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


PIN = re.compile(r'([a-z0-9-]+)==([\w.!+]+)( ; sys_platform == "\w+")?')


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    matches = [PIN.fullmatch(line) for line in lines if not line.startswith("#")]
    assert None not in matches
    found = [(match[1], match[2]) for match in matches if match]
    assert len(found) == len(dict(found))
    return dict(found)


def needed(requirement: Requirement, found: dict[str, str]) -> None:
    """Add what `requirement` brings with it, on this Python and system, to `found`."""
    name = canonicalize_name(requirement.name)
    key = f"{name}{sorted(requirement.extras)}"
    if key in found:
        return
    found[key] = name
    for line in metadata.requires(name) or []:
        inner = Requirement(line)
        extras = requirement.extras or {""}
        if not inner.marker or any(inner.marker.evaluate({"extra": extra}) for extra in extras):
            needed(inner, found)


def test_every_package_of_the_environment_is_pinned():
    found: dict[str, str] = {}
    for extra in PROJECT["optional-dependencies"].values():
        for wanted in map(Requirement, [*PROJECT["dependencies"], *extra]):
            if not wanted.marker or wanted.marker.evaluate():
                needed(wanted, found)
    installed = {name: metadata.version(name) for name in set(found.values())}
    assert len(installed) > 100
    pinned = pins()
    assert {n: v for n, v in installed.items() if pinned.get(n) != v} == {}


def test_one_version_is_told_everywhere():
    import fpsimd_model

    version = PROJECT["version"]
    assert fpsimd_model.__version__ == version
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    # The first heading is what comes next; a release is below it.
    assert re.search(r"^## \[(.*?)\]", changes, re.MULTILINE)[1] in {"Unreleased", version}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_asks_one_question(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    prose = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    titles = re.findall(r"^# (.+)$", "\n".join(prose), re.M)
    assert len(titles) == 1
    assert titles[0].endswith("?")
    assert prose[0].startswith("# ")


def links(path: Path) -> list[str]:
    """Files that Markdown, of a notebook too, points to."""
    text = path.read_text(encoding="utf-8")
    return [to for to in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in to]


def test_links_lead_somewhere():
    texts = [path for path in files() if path.suffix in {".md", ".ipynb"}]
    found = [(path, to) for path in texts for to in links(path)]
    assert len(found) > 10
    assert [(str(path), to) for path, to in found if not (path.parent / to).exists()] == []
