"""Every notebook runs from top to bottom, shows no error, and leaves pictures."""

from __future__ import annotations

import base64
import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.house import ROOT, notebooks

NOTEBOOKS = notebooks() or [ROOT / "notebooks" / "none.ipynb"]
TRACEBACK = re.compile(r"Traceback \(most recent call last\)|\x1b\[\S*Traceback")


def run(path: Path, folder: Path) -> nbformat.NotebookNode:
    """The notebook with its outputs and widget state, run on a copy in `folder`."""
    copy = Path(shutil.copy(path, folder))
    notebook = nbformat.read(copy, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=240,
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=True,
    )
    client.execute()
    return notebook


def strings(thing: Any) -> list[str]:
    """Every string in nested lists and dictionaries."""
    if isinstance(thing, str):
        return [thing]
    if isinstance(thing, dict):
        thing = list(thing.values())
    return [text for part in thing for text in strings(part)] if isinstance(thing, list) else []


def models(notebook: nbformat.NotebookNode) -> dict[str, dict[str, Any]]:
    """The state of every widget, as it is kept in the file."""
    kept = notebook.metadata.get("widgets", {})
    return kept.get("application/vnd.jupyter.widget-state+json", {}).get("state", {})


def complaints(notebook: nbformat.NotebookNode) -> list[str]:
    """Errors in outputs and, as callbacks leave them, in the state of widgets."""
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    state = models(notebook)
    for widget in state.values():
        outputs += widget["state"].get("outputs", [])
    found = [out["text"] for out in outputs if out.get("name") == "stderr"]
    found += [out["evalue"] for out in outputs if out["output_type"] == "error"]
    return found + [text for text in strings([outputs, state]) if TRACEBACK.search(text)]


WIDGET = "application/vnd.jupyter.widget-view+json"
CORE = {"@jupyter-widgets/base", "@jupyter-widgets/controls"}
WITH_WIDGETS = {"00-start-here", "01-which-policy", "03-latency", "04-your-machine"}


def widgets(notebook: nbformat.NotebookNode) -> list[dict[str, str]]:
    """The mime bundle of each widget that is shown."""
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    return [out["data"] for out in outputs if WIDGET in out.get("data", {})]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_without_complaint_and_leaves_pictures(path, tmp_path):
    """Untrusted, on GitHub and in other renderers a widget's picture and line of text remain."""
    notebook = run(path, tmp_path)
    assert complaints(notebook) == []
    shown = widgets(notebook)
    assert bool(shown) is (path.stem in WITH_WIDGETS)
    for bundle in shown:
        assert re.fullmatch(r"<\S.*>", bundle["text/plain"])
        picture = base64.b64decode(bundle["image/png"])
        assert picture.startswith(b"\x89PNG\r\n\x1a\n")
        assert len(picture) > 5000  # an empty one is smaller
    # VS Code and saved pages bring these two along, and would have to fetch any other.
    assert {widget["model_module"] for widget in models(notebook).values()} <= CORE


FAULTS = {
    "stderr": "import sys; print('careful', file=sys.stderr)",
    "warning": "import warnings; warnings.warn('old')",
    "observer": """
        import ipywidgets as w
        slider = w.IntSlider()
        def fail(change): raise ValueError("from the observer")
        with (out := w.Output()): display(slider)
        w.interactive_output(fail, {"change": slider})
    """,
    "html": """
        import ipywidgets as w, traceback
        box = w.HTML()
        try: 1 / 0
        except ZeroDivisionError: box.value = traceback.format_exc()
        box
    """,
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault, tmp_path):
    import textwrap

    cell = nbformat.v4.new_code_cell(textwrap.dedent(FAULTS[fault]))
    path = tmp_path / "planted.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    (folder := tmp_path / "run").mkdir()
    assert complaints(run(path, folder))
