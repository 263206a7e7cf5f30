"""Fixtures: `open_lab` and `open_voila` show a notebook in a headless Chromium."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser import servers
from tests.browser.app import NOTEBOOK, start_app, start_over
from tests.browser.pages import LabPage, VoilaPage
from tests.conftest import REPORTS
from tests.house import ROOT

SHOTS = ROOT / "build" / "screenshots"
SIZE = {"width": 1400, "height": 1000}
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


@contextmanager
def new_page(browser: Browser) -> Iterator[Page]:
    """An empty page with a fresh profile."""
    context: BrowserContext = browser.new_context(viewport=SIZE)
    context.set_default_timeout(1000 * WAIT_S)
    yield context.new_page()
    context.close()


def has_failed(request: pytest.FixtureRequest) -> bool:
    reports = request.node.stash.get(REPORTS, {})
    return any(report.failed for report in reports.values())


def keep_failure(page: Page, request: pytest.FixtureRequest) -> None:
    """A test that fails leaves a picture of its page."""
    if has_failed(request):
        keep(page, request.node.name)


def keep(page: Page, test: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.-]+", "-", test)
    page.screenshot(path=SHOTS / f"failed-{name}.png")


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page for one test."""
    with new_page(browser) as page:
        yield page
        keep_failure(page, request)


def put(notebook: Path, server: servers.Server) -> Path:
    """Copy a notebook to a folder of its own on the server."""
    folder = server.root / secrets.token_hex(4)
    folder.mkdir()
    return Path(shutil.copy(notebook, folder))


def open_in_lab(notebook: Path, server: servers.Server, page: Page) -> LabPage:
    """Open a copy of a notebook in a workspace of its own, where no other notebook is open."""
    copy = put(notebook, server)
    workspace = copy.parent.name
    return open_at(f"/lab/workspaces/{workspace}/tree/{workspace}/{copy.name}", copy, server, page)


def open_in_notebook_7(notebook: Path, server: servers.Server, page: Page) -> LabPage:
    """Open a copy of a notebook in Notebook 7."""
    copy = put(notebook, server)
    return open_at(f"/notebooks/{copy.parent.name}/{copy.name}", copy, server, page)


def open_at(path: str, copy: Path, server: servers.Server, page: Page) -> LabPage:
    opened = LabPage(page, copy, SHOTS)
    page.goto(server.address(path))
    opened.wait_idle()
    return opened


@pytest.fixture
def open_lab(page: Page, lab_server: servers.Server) -> Iterator[Callable[[Path], LabPage]]:
    """`open_lab(path)` opens a copy of a notebook in JupyterLab and waits for its kernel.

    What the notebook writes lands in `.folder` of the page that it gives.
    """
    yield lambda notebook: open_in_lab(notebook, lab_server, page)
    if page.url != "about:blank":
        end_kernel(page)


def end_kernel(page: Page) -> None:
    """That of the page: it would go on, at the next tests' cost.  Others have theirs in use."""
    page.evaluate("() => window.jupyterapp?.shell.currentWidget?.sessionContext?.shutdown()")


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


class SharedApp:
    """The first notebook in JupyterLab, run once for all tests that begin where it does.

    Nobody gets the page of a test that failed: :meth:`drop` it, and the next gets a new one.
    """

    def __init__(self, browser: Browser, server: servers.Server) -> None:
        self._browser, self._server = browser, server
        self._stack, self._lab = ExitStack(), None

    @property
    def page(self) -> Page | None:
        """Where it is shown, if anybody has asked for it."""
        return self._lab and self._lab.page

    def get(self) -> LabPage:
        """The app, as it was when it began."""
        if self._lab is None:
            page = self._stack.enter_context(new_page(self._browser))
            self._stack.callback(end_kernel, page)
            self._lab = open_in_lab(NOTEBOOK, self._server, page)
            start_app(self._lab)
        self._lab.page.set_viewport_size(SIZE)
        start_over(self._lab)
        return self._lab

    def drop(self) -> None:
        """Close the page."""
        self._lab = None
        self._stack.close()


@pytest.fixture(scope="package")
def shared_app(browser: Browser, lab_server: servers.Server) -> Iterator[SharedApp]:
    """Made when it is asked for."""
    app = SharedApp(browser, lab_server)
    yield app
    app.drop()


@pytest.fixture
def lab(shared_app: SharedApp, request: pytest.FixtureRequest) -> Iterator[LabPage]:
    """The first notebook in JupyterLab, run, with its app at rest."""
    try:
        shown = shared_app.get()
    except Exception:
        if shared_app.page is not None:
            keep(shared_app.page, request.node.name)
        shared_app.drop()
        raise
    yield shown
    keep_failure(shown.page, request)
    if has_failed(request):
        shared_app.drop()
