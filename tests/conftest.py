"""What holds for every test: throwaway caches, hypothesis profiles, honest skips, quiet clocks."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

CI = bool(os.environ.get("CI"))

# What runs in the background (`nohup make test &`) starts with these ignored, and so would what
# tests start and stop by them. A handler that does nothing ends with this process's own program.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, lambda *_: None)

# One directory for the whole run, made by the first process and inherited by the workers.
if "FPSIMD_TEST_RUN" not in os.environ:
    os.environ["FPSIMD_TEST_RUN"] = tempfile.mkdtemp(prefix="fpsimd-test-")
    atexit.register(shutil.rmtree, os.environ["FPSIMD_TEST_RUN"], ignore_errors=True)
    if CI:
        # Compiled code of another state of the tree must not pass for this one's.
        os.environ["NUMBA_CACHE_DIR"] = os.environ["FPSIMD_TEST_RUN"] + "/numba"
RUN = Path(os.environ["FPSIMD_TEST_RUN"])

# Deadlines measure the machine, not the code. CI repeats itself; a developer's run explores.
hypothesis.settings.register_profile("dev", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if CI else "dev")

REPORTS = pytest.StashKey[dict[str, pytest.TestReport]]()  # setup, call, teardown of a test


def not_allowed(node: pytest.Item | pytest.Collector, report) -> str:
    """What is said of a skip in CI."""
    return f"{node.nodeid} was skipped, which CI does not allow: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport]:
    """In CI a test that is skipped has failed: nothing goes untested in silence."""
    report = yield
    if CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = not_allowed(item, report)
    item.stash.setdefault(REPORTS, {})[report.when] = report
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector) -> Generator[None, pytest.CollectReport]:
    """The same for a whole file that is skipped while it is collected."""
    report = yield
    if CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = not_allowed(collector, report)
    return report


#: Files whose tests share what is dear: an app in a page, or many recordings.
TOGETHER = ("tests/browser/", "tests/calibration/test_recovery.py")


class Together(LoadScopeScheduling):
    """Tests go to whichever worker is free; those of a file that shares something to one worker.

    (The mark `xdist_group` would say the same, but pytest 9.2 ignores it: pytest-xdist #1386.)
    """

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0] if nodeid.startswith(TOGETHER) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Together:
    """Ask pytest-xdist for the above."""
    return Together(config, log)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A test marked `alone` waits until the other workers stand still, and holds them there.

    Readers and writer by file locks: every test shares one, a test marked `alone` has it to
    itself. The gate in front keeps newcomers from overtaking the one that waits.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return (yield)
    alone = item.get_closest_marker("alone") is not None
    with (RUN / "gate").open("w") as gate, (RUN / "clock").open("w") as clock:
        fcntl.flock(gate, fcntl.LOCK_EX)
        fcntl.flock(clock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(gate, fcntl.LOCK_UN)
        try:
            return (yield)
        finally:
            # In so many words: a process that the test forked may hold the file open still.
            fcntl.flock(clock, fcntl.LOCK_UN)
