"""The harness itself, on a notebook with one slider, one picture and one button."""

from __future__ import annotations

import re
import sys
import textwrap

import nbformat
import psutil
import pytest

from tests.browser import servers
from tests.browser.conftest import open_in_lab

CELLS = [
    """
    import io
    import os
    from pathlib import Path

    import ipywidgets as w
    from PIL import Image as Bitmap

    slider = w.IntSlider(value=3, min=0, max=9, description="rate")
    readout, status, picture = w.HTML(), w.HTML("ready"), w.Image(width=100)
    export = w.Button(description="Export")
    """,
    """
    count = 0

    def draw(change=None):
        readout.value = f"rate is {slider.value}"
        buffer = io.BytesIO()
        Bitmap.new("RGB", (20, 10), (25 * slider.value, 0, 0)).save(buffer, "PNG")
        picture.value = buffer.getvalue()

    def save(button):
        global count
        Path("beside").write_text(readout.value)
        os.replace("beside", "state.txt")
        count += 1
        status.value = f"wrote state.txt (#{count})"

    slider.observe(draw, "value")
    export.on_click(save)
    draw()
    """,
    """
    for name, widget in dict(slider=slider, readout=readout, status=status, picture=picture,
                             export=export).items():
        widget.add_class(f"probe-{name}")
    w.VBox([slider, readout, picture, export, status])
    """,
]


@pytest.fixture
def notebook(tmp_path):
    """Writes a notebook of the given cells; gives its path."""

    def write(*cells: str):
        code = [nbformat.v4.new_code_cell(textwrap.dedent(cell).strip()) for cell in cells]
        content = nbformat.v4.new_notebook(cells=code)
        content.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(content, tmp_path / "probe.ipynb")
        return tmp_path / "probe.ipynb"

    return write


def drive(shown):
    """A key moves the slider, text and picture follow, and the button writes what is shown."""
    shown.wait_text(".probe-readout", "rate is 3")
    before = shown.picture(".probe-picture")
    assert before.startswith("20x10:")
    shown.press(".probe-slider", "ArrowRight", times=4)
    shown.wait_text(".probe-readout", "rate is 7")
    assert shown.value(".probe-slider") == "7"
    assert shown.wait_new_picture(".probe-picture", before) != before
    for n in (1, 2):
        shown.click(".probe-export")
        shown.wait_text(".probe-status", re.compile(rf"wrote state\.txt \(#{n}\)"))
        assert (shown.folder / "state.txt").read_text() == "rate is 7"
    shown.press(".probe-slider", "ArrowLeft", times=4)
    shown.wait_text(".probe-readout", "rate is 3")
    assert shown.wait_new_picture(".probe-picture", "") == before


def test_keys_move_a_slider_in_jupyterlab(open_lab, notebook):
    lab = open_lab(notebook(*CELLS))
    lab.run_all()
    drive(lab)
    assert lab.shot("harness-lab").stat().st_size > 10_000
    # The question about news would hide what is below it.
    assert lab.page.locator(".Toastify__toast").count() == 0


def test_keys_move_a_slider_in_voila(open_voila, notebook):
    voila = open_voila(notebook(*CELLS), ready=".probe-status", query="rate=3")
    drive(voila)
    assert voila.shot("harness-voila").stat().st_size > 10_000


COMPLAINTS = ["import sys; print('careful', file=sys.stderr)", "1 / 0"]


@pytest.mark.parametrize("cell", COMPLAINTS)
def test_a_cell_that_complains_fails_in_voila(open_voila, notebook, cell):
    with pytest.raises(AssertionError, match=r"division by zero|careful"):
        open_voila(notebook("1", cell), ready=".probe-status")


def test_every_cell_that_complains_is_told_of_in_jupyterlab(open_lab, notebook):
    lab = open_lab(notebook("1", *COMPLAINTS))
    with pytest.raises(AssertionError, match=r"^careful\s+division by zero$"):
        lab.run_all()


def test_a_server_leaves_no_process_behind(tmp_path, notebook, page):
    """Not even when it is stopped with a kernel at work."""
    with servers.lab(tmp_path / "lab") as server:
        cell = "import time; print(6 * 7, flush=True); time.sleep(600)"
        lab = open_in_lab(notebook(cell), server, page)
        lab.start_all()
        # Its status would not do: the debugger's questions are answered meanwhile, with "idle".
        lab.page.locator(".jp-OutputArea-output").get_by_text("42").wait_for()
        ours = psutil.Process(server.process.pid)
        everything = [ours, *ours.children(recursive=True)]
        assert any("ipykernel" in " ".join(process.cmdline()) for process in everything)
    assert not [process for process in everything if process.is_running()]


def test_a_server_that_does_not_start_says_why(tmp_path):
    server = servers.serve(tmp_path / "none", [sys.executable, "-m", "no_such_module"], "/")
    with pytest.raises(RuntimeError, match="No module named no_such_module"), server:
        pass
