"""Fixtures: `open_lab` and `open_voila` show a notebook in a headless Chromium."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser import servers
from tests.browser.pages import LabPage, VoilaPage
from tests.conftest import REPORTS
from tests.house import ROOT

SHOTS = ROOT / "build" / "screenshots"
WAIT_S = 30.0  # for anything that no test gives a time of its own

# A quiet Chromium that asks nobody but the loopback interface for anything.
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@pytest.hookimpl(tryfirst=True)  # before `-m` looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is marked `browser`."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


# Of the package, not the session: Playwright keeps an event loop running in this thread, in which
# no other test could start its own.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A Chromium: the system's, or else Playwright's own."""
    candidates = map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])
    path = next(filter(None, candidates), None)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path, args=FLAGS, chromium_sandbox=False
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    """One JupyterLab for all tests."""
    with servers.lab(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="package")
def voila_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    """One Voila for all tests."""
    with servers.voila(tmp_path_factory.mktemp("voila")) as server:
        yield server


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """An empty page with a fresh profile; a test that fails leaves a picture of it."""
    context: BrowserContext = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(1000 * WAIT_S)
    page = context.new_page()
    yield page
    reports = request.node.stash.get(REPORTS, {})
    if "call" in reports and reports["call"].failed:
        SHOTS.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^\w.-]+", "-", request.node.name)
        page.screenshot(path=SHOTS / f"failed-{name}.png")
    context.close()


def put(notebook: Path, server: servers.Server) -> Path:
    """Copy a notebook to a folder of its own on the server."""
    folder = server.root / secrets.token_hex(4)
    folder.mkdir()
    return Path(shutil.copy(notebook, folder))


def open_in_lab(notebook: Path, server: servers.Server, page: Page) -> LabPage:
    """Open a copy of a notebook in a workspace of its own, where no other notebook is open."""
    copy = put(notebook, server)
    opened = LabPage(page, copy, SHOTS)
    workspace = copy.parent.name
    page.goto(server.address(f"/lab/workspaces/{workspace}/tree/{workspace}/{copy.name}"))
    opened.wait_idle()
    return opened


@pytest.fixture
def open_lab(page: Page, lab_server: servers.Server) -> Iterator[Callable[[Path], LabPage]]:
    """`open_lab(path)` opens a copy of a notebook in JupyterLab and waits for its kernel.

    What the notebook writes lands in `.folder` of the page that it gives.
    """
    yield lambda notebook: open_in_lab(notebook, lab_server, page)
    if page.url != "about:blank":
        # Its kernel would go on, at the next tests' cost.
        page.evaluate("() => window.jupyterapp?.serviceManager.sessions.shutdownAll()")


@pytest.fixture
def open_voila(page: Page, voila_server: servers.Server) -> Callable[..., VoilaPage]:
    """`open_voila(path, ready=".css", query="rate=3")` serves a copy of a notebook with Voila and
    waits until the widget with the class `ready` is on the page."""

    def open_notebook(notebook: Path, ready: str, query: str = "") -> VoilaPage:
        copy = put(notebook, voila_server)
        opened = VoilaPage(page, copy, SHOTS)
        path = f"/voila/render/{copy.parent.name}/{copy.name}"
        page.goto(voila_server.address(path) + (f"&{query}" if query else ""))
        opened.wait_ready(ready)
        return opened

    return open_notebook
