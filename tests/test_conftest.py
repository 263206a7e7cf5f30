"""The test suite's own rules, tried on small suites of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py").read_text(encoding="utf-8")


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.delenv("FPSIMD_TEST_RUN")
    for name in ("CI", "PYTEST_XDIST_WORKER"):
        monkeypatch.delenv(name, raising=False)
    pytester.makeconftest(CONFTEST)
    pytester.makeini("[pytest]\nmarkers =\n    alone: by itself\n")
    return pytester


SKIPS = """
    import pytest
    def test_passes(): pass
    @pytest.mark.skip(reason="too hard")
    def test_skips(): pass
    def test_gives_up(): pytest.skip("too late")
    @pytest.mark.xfail(reason="known")
    def test_known(): assert False
"""


def test_a_skip_fails_in_ci_and_only_there(suite, monkeypatch):
    suite.makepyfile(SKIPS)
    suite.runpytest_subprocess().assert_outcomes(passed=1, skipped=2, xfailed=1)
    monkeypatch.setenv("CI", "true")
    result = suite.runpytest_subprocess()
    result.assert_outcomes(passed=1, errors=1, failed=1, xfailed=1)
    result.stdout.fnmatch_lines(["*was skipped, which CI does not allow*too hard*"])
    result.stdout.fnmatch_lines(["*was skipped, which CI does not allow*too late*"])


def test_a_file_that_skips_itself_fails_in_ci(suite, monkeypatch):
    suite.makepyfile("import pytest\npytest.importorskip('no_such_module')")
    assert suite.runpytest_subprocess().ret == pytest.ExitCode.NO_TESTS_COLLECTED
    monkeypatch.setenv("CI", "true")
    result = suite.runpytest_subprocess()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*was skipped, which CI does not allow*no_such_module*"])


def test_a_test_marked_alone_runs_beside_no_other(suite):
    suite.makepyfile(
        """
        import json, os, time, pytest
        from pathlib import Path
        HERE = Path(__file__).parent

        def spend(name):
            begin = time.monotonic()
            time.sleep(0.05)
            (HERE / f"{name}.json").write_text(json.dumps([begin, time.monotonic()]))

        @pytest.mark.parametrize("i", range(20))
        def test_shared(i): spend(f"shared{i}")

        @pytest.mark.alone
        @pytest.mark.parametrize("i", range(4))
        def test_alone(i): spend(f"alone{i}")
        """
    )
    suite.runpytest_subprocess("-n", "2").assert_outcomes(passed=24)
    spans = {path.stem: json.loads(path.read_text()) for path in suite.path.glob("*[0-9].json")}
    assert len(spans) == 24

    def overlap(a, b):
        return spans[a][0] < spans[b][1] and spans[b][0] < spans[a][1]

    alone = [name for name in spans if name.startswith("alone")]
    assert not [(a, b) for a in alone for b in spans if a != b and overlap(a, b)]
    # The others did run side by side, or the test would show nothing.
    shared = [name for name in spans if name.startswith("shared")]
    assert any(overlap(a, b) for a in shared for b in shared if a < b)
