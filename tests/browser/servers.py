"""JupyterLab, Notebook 7 and Voila on free loopback ports, each with a token and folders."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

__all__ = ["Server", "lab", "notebook", "serve", "voila"]

START_S = 90.0  # a server that is not up by then never will be
STOP_S = 15.0  # time for it to shut its kernels down

# The question about news covers the lower right corner of a first start.
QUIET = {
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
        "fetchNews": "false",
        "checkForUpdates": False,
    }
}


@dataclass(frozen=True)
class Server:
    """A running server; notebooks that it is to show lie in `root`."""

    url: str
    token: str
    root: Path
    log: Path
    process: subprocess.Popen[bytes]

    def address(self, path: str) -> str:
        """The address of `path` on this server, token included."""
        return f"{self.url}{path}?token={self.token}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(home: Path, token: str) -> dict[str, str]:
    """This process's environment, with nothing of the user's Jupyter and all of it in `home`."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    for variable, name in folders.items():
        (home / name).mkdir(parents=True)
        ours[variable] = str(home / name)
    for name, content in QUIET.items():
        path = home / "settings" / name
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(content), encoding="utf-8")
    # Voila reads its token from a file only, Jupyter from the environment; both stay out of `ps`.
    settings = json.dumps({"Voila": {"token": token}})
    (home / "config" / "voila.json").write_text(settings, encoding="utf-8")
    return ours | {"JUPYTER_TOKEN": token}


def wait_until_up(server: Server, path: str) -> None:
    """Ask until it answers; the end of the process or of the time is an error with its log."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_S
    while server.process.poll() is None and time.monotonic() < deadline:
        try:
            opener.open(server.address(path), timeout=5).close()
            return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.05)
    raise RuntimeError(f"no server at {server.url}:\n{server.log.read_text(errors='replace')}")


def stop(server: Server) -> None:
    """End the server and what it started: kernels stand in process groups of their own."""
    everything = [psutil.Process(server.process.pid)] if server.process.poll() is None else []
    everything += [child for process in everything for child in process.children(recursive=True)]
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.process.wait(STOP_S)
    _, alive = psutil.wait_procs(everything, timeout=STOP_S)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=STOP_S)


@contextlib.contextmanager
def serve(home: Path, command: list[str], probe: str) -> Iterator[Server]:
    """Run `command`, in which PORT stands for the port, until the context ends.

    Everything that it keeps lies in `home`, which need not exist. It is up when it answers for the
    path `probe`.
    """
    token, port = secrets.token_hex(16), free_port()
    (root := home / "root").mkdir(parents=True)
    command = [part.replace("PORT", str(port)) for part in command]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=root,
            env=environment(home, token),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", token, root, home / "log", process)
    try:
        wait_until_up(server, probe)
        yield server
    finally:
        stop(server)


def lab(home: Path) -> contextlib.AbstractContextManager[Server]:
    """JupyterLab over the folder `root` of `home`."""
    return _jupyter(home, "jupyterlab", "LabApp", "--LabApp.news_url=None")


def notebook(home: Path) -> contextlib.AbstractContextManager[Server]:
    """Notebook 7 over the folder `root` of `home`."""
    return _jupyter(home, "notebook", "JupyterNotebookApp")


def _jupyter(
    home: Path, module: str, app: str, *more: str
) -> contextlib.AbstractContextManager[Server]:
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", "--ServerApp.port_retries=0"]
    options += [f"--{app}.expose_app_in_browser=True", *more]
    return serve(home, [sys.executable, "-m", module, "--port=PORT", *options], "/api/status")


def voila(home: Path) -> contextlib.AbstractContextManager[Server]:
    """Voila over the folder `root` of `home`."""
    options = ["--no-browser", "--Voila.ip=127.0.0.1", "--port_retries=0", "--show_tracebacks=True"]
    return serve(home, [sys.executable, "-m", "voila", ".", "--port=PORT", *options], "/")
