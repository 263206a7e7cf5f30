"""Notebook 7, whose page is another than JupyterLab's: notebooks open, run, and follow a key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser import servers
from tests.browser.app import FIGURE, changing, start_app, wait_entry
from tests.browser.conftest import end_kernel, open_in_notebook_7
from tests.browser.pages import LabPage
from tests.house import ROOT


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    """What `jupyter notebook` starts."""
    with servers.notebook(tmp_path_factory.mktemp("notebook")) as server:
        yield server


# JupyterLab's shortcuts extension looks its own settings up while others are loaded, which in
# Notebook 7 may be before its own: whatever else the page complains of fails.
KNOWN = "Cannot read properties of undefined (reading 'schema')"


def opened(notebook: Path, server: servers.Server, page: Page) -> LabPage:
    return open_in_notebook_7(notebook, server, page)


def complaints(shown: LabPage) -> list[str]:
    return [text for text in shown.console if text != KNOWN]


def test_a_key_moves_slider_and_picture(server, page):
    shown = opened(ROOT / "notebooks" / "00-start-here.ipynb", server, page)
    start_app(shown)
    with changing(shown):
        shown.press(".fm-rate", "ArrowRight", times=4)
        wait_entry(shown, "rate", "16000")
    with changing(shown):
        shown.click(".fm-rate .fm-reset")
        wait_entry(shown, "rate", "10159")
    assert shown.picture(FIGURE).startswith("1280x840:")
    shown.shot("start-here-notebook-7")
    assert shown.cell_errors() == []
    assert complaints(shown) == []
    end_kernel(page)


@pytest.mark.parametrize("name", ["05-write-your-own-policy", "06-the-thread"])
def test_a_notebook_of_pictures_runs(server, page, name):
    shown = opened(ROOT / "notebooks" / f"{name}.ipynb", server, page)
    shown.run_all()
    assert shown.page.locator(".jp-OutputArea-output img").count() > 0
    shown.shot(f"{name}-notebook-7")
    assert complaints(shown) == []
    end_kernel(page)
