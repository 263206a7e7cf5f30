"""What is kept of a long trace goes to a file without a name, and is the same there."""

from __future__ import annotations

import io
import tempfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpsimd_model import traces
from fpsimd_model.calibration import calibrate
from fpsimd_model.errors import InputError
from fpsimd_model.replayer import replay
from fpsimd_model.traces import spool
from fpsimd_model.traces.spool import Spool, blocks_of

from .samples import recorded

PAIR = np.dtype([("a", "i8"), ("b", "u1")])


@given(
    st.lists(st.integers(0, 40), max_size=20), st.integers(1, 400), st.integers(1, 70)
)  # fmt: skip
def test_elements_come_back_in_order(lengths, in_memory, size):
    kept = Spool(PAIR, in_memory=in_memory)
    number = 0
    for length in lengths:
        part = np.zeros(length, PAIR)
        part["a"] = np.arange(number, number + length)
        part["b"] = part["a"] % 256
        kept.append(part)
        number += length
        assert len(kept) == number
    for _ in range(2):  # as often as wanted
        blocks = list(kept.blocks(size))
        assert all(0 < len(block) <= size for block in blocks)
        whole = np.concatenate([np.empty(0, PAIR), *blocks])
        assert whole["a"].tolist() == list(range(number))
        assert (whole["b"] == whole["a"] % 256).all()
    array = kept.array()
    assert (array == whole).all()
    again = np.concatenate([np.empty(0, PAIR), *blocks_of(array, size)])
    assert (again == whole).all()


def test_appended_while_it_is_read():
    kept = Spool(np.dtype("i4"), in_memory=40)
    kept.append(np.arange(30, dtype="i4"))
    blocks = kept.blocks(7)
    assert next(blocks).tolist() == list(range(7))
    kept.append(np.arange(30, 200_000, dtype="i4"))
    assert next(blocks).tolist() == list(range(7, 14))


def test_a_full_disk_is_told(monkeypatch):
    class Full(io.RawIOBase):
        def seek(self, *where):
            return 0

        def write(self, data):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(spool, "_nameless", Full)
    kept = Spool(np.dtype("i8"), in_memory=80)
    with pytest.raises(InputError, match=r"no room.*No space left on device.*set TMPDIR"):
        kept.append(np.zeros(11, "i8"))


@pytest.mark.parametrize("name", ["mmio-ipsec", "busy-plain"])
def test_a_long_trace_says_the_same_from_the_file(monkeypatch, tmp_path, name):
    """Everything beyond a hundred bytes in the file, or everything in memory: no difference."""
    expected = traces.understand(traces.read(recorded(name)))
    moves = [result.counts for result in replay(expected)]
    seen = calibrate(expected).to_dict()["scenario"]
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Spool.__init__, "__defaults__", (100,))
    monkeypatch.setattr(Spool.blocks, "__defaults__", (1000,))
    monkeypatch.setattr(spool, "_BLOCK", 1000)
    found = traces.understand(traces.read(recorded(name)))
    assert isinstance(found.steps, np.memmap)
    assert (found.steps == expected.steps).all()
    assert (found.to_dict(), found.exits_by_reason()) == (
        expected.to_dict(), expected.exits_by_reason(),
    )  # fmt: skip
    assert [result.counts for result in replay(found)] == moves
    assert calibrate(found).to_dict()["scenario"] == seen
    assert list(tmp_path.iterdir()) == []  # it never had a name
