"""What a newcomer types: `make lab`, and the address that it prints."""

from __future__ import annotations

import re

from tests.browser import servers
from tests.browser.conftest import SHOTS
from tests.browser.pages import LabPage
from tests.house import ROOT

NOTEBOOK = ROOT / "notebooks" / "00-start-here.ipynb"


def test_make_lab_opens_the_first_notebook(page, tmp_path, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    # This run's own make, if there is one, is none of its business.
    monkeypatch.delenv("MAKEFLAGS", raising=False)
    options = "--port=PORT --ip=127.0.0.1 --LabApp.expose_app_in_browser=True"
    command = ["make", "-C", str(ROOT), "lab", f"LAB_ARGS={options}"]
    with servers.serve(tmp_path / "lab", command, "/api/status") as server:
        printed = re.search(rf"{server.url}(/lab\S*)\?token=", server.log.read_text())
        assert printed is not None
        page.goto(server.address(printed[1]))
        LabPage(page, NOTEBOOK, SHOTS).wait_idle()
