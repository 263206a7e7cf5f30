"""Durations: what they are, and files of samples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpsimd_model.durations import SHAPES, Duration
from fpsimd_model.errors import InputError
from fpsimd_model.scenario import Scenario
from fpsimd_model.scenario.samples import LARGEST_FILE, read_samples
from tests.scenario.strategies import durations


@given(durations)
def test_table_is_read_back(duration):
    assert Duration.read(duration.table()) == duration
    assert Duration.read(duration) is duration


@given(durations, st.floats(1e-3, 1e6))
def test_another_mean_keeps_the_shape(duration, mean):
    changed = duration.with_mean(mean)
    assert changed.shape == duration.shape
    assert changed.cv2 == duration.cv2
    assert changed.mean_us == pytest.approx(mean, rel=1e-12)
    if duration.samples is None or min(duration.samples) >= duration.mean_us * 1e-3:
        assert changed.scv == pytest.approx(duration.scv, rel=1e-6, abs=1e-12)


def test_squared_coefficient_of_variation():
    assert Duration(3.0, "deterministic").scv == 0.0
    assert Duration(3.0).scv == 1.0
    for shape in ("gamma", "lognormal", "hyperexponential"):
        assert Duration(3.0, shape, 2.5).scv == 2.5
    assert Duration.empirical([0.0, 4.0, 2.0]).scv == pytest.approx(8 / 3 / 4)
    assert Duration(5.0).mean_s == pytest.approx(5e-6)


def test_every_shape_is_known():
    made = [Duration(1.0, s) for s in ("deterministic", "exponential")]
    made += [Duration(1.0, s, 2.0) for s in ("gamma", "lognormal", "hyperexponential")]
    made += [Duration.empirical([1.0])]
    assert tuple(duration.shape for duration in made) == SHAPES


def test_errors_name_the_part():
    with pytest.raises(InputError, match=r"^cv2: the shape gamma needs it"):
        Duration(1.0, "gamma")
    with pytest.raises(InputError, match=r"^mean: -1.0 is negative"):
        Duration(-1.0)
    with pytest.raises(InputError, match=r"^samples: nan is not finite"):
        Duration.empirical([1.0, float("nan")])
    with pytest.raises(InputError, match=r"^samples: missing"):
        Duration(1.0, "empirical")


def test_samples_of_numpy():
    import numpy as np

    duration = Duration.empirical(np.array([1.0, 2.0]))
    assert duration == Duration.empirical([1, 2])
    assert {type(sample) for sample in duration.samples} == {float}


def test_samples_do_not_flood_messages():
    assert len(repr(Duration.empirical([1.0] * 1000))) < 100


def test_file_of_samples(tmp_path):
    (tmp_path / "runs.csv").write_text(
        "\ufeff# measured on a Tuesday\n\nguest_run_us\n 1.5 \n2 # an odd one\n\n1e1\n", "utf-8"
    )
    assert read_samples("runs.csv", tmp_path) == ([1.5, 2.0, 10.0], str(tmp_path / "runs.csv"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1.5\nx\n", 'runs.csv:2: "x" is not a number; one number of microseconds a line is wa'),
        (b"head\nhead\n1\n", 'runs.csv:2: "head" is not a number; one number of microseconds a'),
        (b"1,2\n3,4\n", 'runs.csv:2: "3,4" is not a number; one number of microseconds a line'),
        (b"1\n-2\n", "runs.csv:2: -2.0 is negative; a number of microseconds, at least 0, is w"),
        (b"nan\n", "runs.csv:1: nan is not finite; a number of microseconds, at least 0, is wa"),
        (b"head\n# 1\n", "runs.csv holds no number; one number of microseconds a line is wanted"),
        (b"", "runs.csv holds no number; one number of microseconds a line is wanted"),
        (b"1\n\xff\n", "runs.csv is not UTF-8 text; one number of microseconds a line is wanted"),
        (b"0\n0\n", "no sample above 0; at least one is wanted"),
        (b"1\n" * (LARGEST_FILE // 2 + 1), "runs.csv is larger than 32 MB; thin it out"),
    ],
    ids=range(10),
)
def test_bad_file_of_samples(tmp_path, content, message):
    (tmp_path / "runs.csv").write_bytes(content)
    text = '[vcpu]\n\nout_us = { shape = "empirical", samples = "runs.csv" }'
    with pytest.raises(InputError) as caught:
        Scenario.from_toml(text, "load.toml", tmp_path)
    assert str(caught.value).startswith(f"load.toml:3: [vcpu] out_us.samples: {message}")


def test_no_file_of_samples(tmp_path):
    (tmp_path / "folder").mkdir()
    for name, message in {
        "missing.csv": "missing.csv cannot be read (no such file or directory); "
        "its name starts from the scenario file's folder",
        "folder": "folder is not a regular file; name a text file",
        "/dev/zero": "/dev/zero is not a regular file; name a text file",
    }.items():
        with pytest.raises(InputError) as caught:
            Duration.read({"shape": "empirical", "samples": name}, tmp_path)
        assert str(caught.value) == f"samples: {message}"


def test_mean_beside_samples_must_agree(tmp_path):
    (tmp_path / "runs.csv").write_text("1\n2\n")
    table = {"shape": "empirical", "samples": "runs.csv"}
    assert Duration.read(table | {"mean": 1.500001}, tmp_path).mean_us == 1.5
    with pytest.raises(InputError, match=r"^mean: 1.50001 disagrees with the mean of the samples"):
        Duration.read(table | {"mean": 1.50001}, tmp_path)
