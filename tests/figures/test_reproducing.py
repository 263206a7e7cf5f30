"""Files made again and told of, whoever sent them."""

from __future__ import annotations

import io
import json
import os
import struct
import time
import zlib

import numpy as np
import pytest
from matplotlib.font_manager import FontProperties, findfont
from PIL import Image

import fpsimd_model as fm
from fpsimd_model import __version__
from fpsimd_model.errors import InputError
from fpsimd_model.figures import FORMATS, Answer, Recipe, export, reproduce, save, show
from fpsimd_model.figures import png as png_files
from fpsimd_model.figures.embed import text_block
from fpsimd_model.figures.style import fixed
from tests.figures.test_files import few
from tests.figures.test_recipes import SAMPLES, TRACE, Mine

FEW = ["tracked", "busy-flag-live", "defer-to-put"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A small figure of a scenario with samples and sources, in every format."""
    scenario = fm.Scenario.from_toml(
        'name = "gateway"\n[vcpu]\nresidency_us = 500.0  # source: measured on a Tuesday\n'
    ).replace({"vcpu.out_us": SAMPLES})
    recipe = Recipe(
        figure="which-policy", scenario=scenario, policies=FEW, seed=7, options={"points": 5}
    )
    files = save(recipe, tmp_path_factory.mktemp("made") / "gateway")
    return {path.suffix[1:]: path for path in files}


@pytest.mark.parametrize("form", FORMATS)
def test_an_exported_file_is_made_again_to_the_byte(made, form):
    found = reproduce(made[form])
    assert found.identical
    assert found.data == made[form].read_bytes()
    assert str(found) == f"identical ({len(found.data)} bytes, fpsimd_model {__version__})"


@pytest.mark.parametrize("form", FORMATS)
def test_show_tells_what_made_it(made, form):
    text = show(made[form])
    for said in ("which-policy", "points = 5\n", "gateway: reference with",
                 "residency_us = 500.0  (measured on a Tuesday)", "samples = [1.0, 2.5, 9.0]",
                 "tracked, busy-flag-live, defer-to-put", "analytic", "7 (not used)", __version__,
                 "fpsimd-model reply"):  # fmt: skip
        assert said in text
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 72


def test_a_figure_of_a_trace_finds_it_beside_the_file(tmp_path, monkeypatch):
    (tmp_path / "mine.txt.gz").write_bytes(TRACE.read_bytes())
    recipe = Recipe(
        figure="calibration",
        scenario=fm.preset("reference"),
        data=fm.figures.Data.of(tmp_path / "mine.txt.gz"),
        options={"predicted": 0},
    )
    (path,) = save(recipe, tmp_path / "cal", "txt", toml=False)
    assert "mine.txt.gz" in show(path)
    assert reproduce(path).identical
    monkeypatch.setattr("fpsimd_model.figures.data.data_path", lambda *_: tmp_path / "none")
    (tmp_path / "mine.txt.gz").unlink()
    with pytest.raises(InputError, match=r"cal\.txt: mine\.txt\.gz: no such trace here"):
        reproduce(path)


def damaged(path, tmp_path, change):
    """A copy with other bytes, under its name."""
    other = tmp_path / path.name
    other.write_bytes(change(path.read_bytes()))
    return other


def other_pixels(data: bytes) -> bytes:
    parts = [(k, c) for k, c in png_files.chunks(data)]
    made = [(k, zlib.compress(zlib.decompress(c), 1) if k == b"IDAT" else c) for k, c in parts]
    return png_files.SIGNATURE + b"".join(png_files._chunk(k, c) for k, c in made)


def test_a_difference_is_told_where_it_is(made, tmp_path):
    found = reproduce(damaged(made["png"], tmp_path, other_pixels))
    assert not found.identical
    assert "first in the pixels (" in str(found)
    found = reproduce(damaged(made["txt"], tmp_path, lambda data: b"Look:\n" + data))
    assert str(found).startswith("differs: first in line 1 (")
    found = reproduce(damaged(made["svg"], tmp_path, lambda data: data.replace(b"#222", b"#223")))
    assert str(found).startswith("differs: first in line ")


def test_another_version_is_told_and_whether_it_matters(made, tmp_path, monkeypatch):
    monkeypatch.setattr(fm, "__version__", "0.0.9")
    old = Answer(Recipe(figure="lost-state")).contents(["svg", "txt"])
    monkeypatch.undo()
    for form, data in old.items():
        path = tmp_path / f"old.{form}"
        path.write_bytes(data)
        found = reproduce(path)
        assert not found.identical
        assert found.difference == ""
        said = f"made by fpsimd_model 0.0.9, this is {__version__}; but for that version"
        assert said in str(found)
        assert f"0.0.9 (this is {__version__})" in show(path)
    path.write_bytes(old["txt"].replace(b"guest entry", b"guest exits"))
    assert "first in line" in str(reproduce(path))


def test_what_a_program_exported_is_told_but_not_made_again(tmp_path):
    (path,) = export(few(), tmp_path / "a", "svg", scenario=fm.preset("vm-busy"), seed=3)
    assert "cannot be made again" in show(path)
    assert "vm-busy" in show(path)
    with pytest.raises(InputError, match="but not how to make it"):
        reproduce(path)


def test_a_policy_of_ones_own_is_told_but_not_made_again(tmp_path):
    recipe = Recipe(figure="curves", scenario=fm.preset("vm-busy"), policies=[Mine, "tracked"],
                    options={"points": 3})  # fmt: skip
    (path,) = save(recipe, tmp_path / "a", "txt", toml=False)
    assert "made with a policy of one's own: mine" in " ".join(show(path).split())
    with pytest.raises(InputError, match="no policy is called 'mine'"):
        reproduce(path)


# -- files of strangers --------------------------------------------------------------------------


def png_with(*texts: bytes) -> bytes:
    index, palette = np.zeros((2, 3), np.uint8), np.zeros((1, 3), np.uint8)
    plain = png_files.encode(index, palette, {})
    chunks = b"".join(png_files._chunk(b"zTXt", b"Description\0\0" + text) for text in texts)
    return plain[:33] + chunks + plain[33:]


def bomb(size: int = 2**28) -> bytes:
    stream = zlib.compressobj(9)
    block = b" " * 2**24
    return b"".join(stream.compress(block) for _ in range(size // len(block))) + stream.flush()


@pytest.fixture(scope="module")
def packed():
    """A quarter of a gigabyte of blanks."""
    return bomb()


def test_a_bomb_is_not_unpacked(packed, tmp_path):
    import base64
    import tracemalloc

    lines = base64.encodebytes(packed).decode().replace("\n", "")[: 8 * 2**20]
    files = {
        "bomb.png": png_with(packed),
        "bombs.png": png_with(*[packed] * 5),
        "bomb.txt": f"-----BEGIN FPSIMD-MODEL PARAMETERS-----\n{lines}\n"
        "-----END FPSIMD-MODEL PARAMETERS-----\n".encode(),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        tracemalloc.start()
        with pytest.raises(InputError, match="no parameters of fpsimd_model in this"):
            show(tmp_path / name)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 8 * len(content) + 32 * 2**20, name


def test_many_beginnings_take_no_longer_than_one(tmp_path):
    """Searching from each of a million beginnings would take hours."""
    start = time.process_time()
    for name, word in (("a.svg", b"<dc:description>"), ("a.pdf", b"/Keywords ("),
                       ("a.txt", b"-----BEGIN FPSIMD-MODEL PARAMETERS-----\n")):  # fmt: skip
        head = {"a.svg": b"<svg>", "a.pdf": b"%PDF-1.4\n", "a.txt": b""}[name]
        (tmp_path / name).write_bytes((head + word * 900_000)[: 15 * 2**20])
        with pytest.raises(InputError):
            show(tmp_path / name)
    assert time.process_time() - start < 60.0


def test_a_file_that_is_too_large_is_refused(tmp_path):
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(17 * 2**20)
    with pytest.raises(InputError, match="larger than 16 MB"):
        show(path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="no regular file"):
        show(tmp_path / "pipe")


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_cut_or_changed_anywhere_never_crashes(made, tmp_path, form):
    data = made[form].read_bytes()
    rng = np.random.default_rng(1)
    path = tmp_path / f"x.{form}"
    for _ in range(40):
        at = int(rng.integers(len(data)))
        for bad in (data[:at], data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]):
            path.write_bytes(bad)
            try:
                show(path)
            except InputError as error:
                assert "\n" not in str(error)  # noqa: PT017 - whichever way it goes


def test_what_a_file_says_is_no_command_for_the_terminal(tmp_path):
    nasty = {"fpsimd_model": "\x1b[31m", "figure": "\x1b]0;x\x07", "command": "\x1b[2J" * 999,
             "policies": ["\x1b[1m"], "scenario": None}  # fmt: skip
    (tmp_path / "a.txt").write_text(text_block(nasty))
    text = show(tmp_path / "a.txt")
    assert text.replace("\n", "").isprintable()
    assert max(map(len, text.splitlines())) <= 72


def test_json_that_is_none_and_lengths_that_lie(tmp_path):
    lies = png_files.SIGNATURE + struct.pack(">I", 2**31 - 1) + b"zTXt" + b"x" * 99
    for content in (lies, png_with(zlib.compress(b'{"fpsimd_model": NaN}')), png_with(b"")):
        (tmp_path / "a.png").write_bytes(content)
        with pytest.raises(InputError, match="no parameters"):
            show(tmp_path / "a.png")


# -- text that goes through mail ----------------------------------------------------------------


def test_the_text_is_that_of_a_mail(made):
    text = made["txt"].read_bytes().decode("ascii")
    assert "\t" not in text
    assert "\r" not in text
    for line in text.split("\n"):
        assert len(line) <= 72
        assert line == line.rstrip()
        assert not line.startswith(("From ", "--\n", ".\n"))
    assert text.count("\n\n\n") == 0


def flowed(text: str) -> str:
    """Sent and shown as format=flowed (RFC 3676): stuffed, joined where lines end in a blank."""
    stuffed = [f" {x}" if x.startswith((" ", ">", "From ")) else x for x in text.split("\n")]
    out, now = [], ""
    for line in stuffed:
        line = line[1:] if line.startswith(" ") else line
        now += line
        if not line.endswith(" "):
            out.append(now)
            now = ""
    return "\n".join([*out, now] if now else out)


def test_mail_does_it_no_harm(made, tmp_path):
    text = made["txt"].read_text(encoding="ascii")
    assert flowed(text) == text
    mails = {
        "flowed": flowed(text),
        "quoted": "\n".join(f"> {line}".rstrip() for line in text.split("\n")),
        "answered twice": "\r\n".join(f"> > {line}" for line in text.split("\n")),
        "signed": text.replace("\n-----", "\n- -----"),
        "with words around": f"Hi,\n\n{text}\nBye\n",
    }
    for name, mail in mails.items():
        path = tmp_path / "mail.txt"
        path.write_bytes(mail.encode())
        assert fm.figures.read_parameters(path) == fm.figures.read_parameters(made["txt"]), name
    assert show(path).splitlines()[1:] == show(made["txt"]).splitlines()[1:]


# -- files ---------------------------------------------------------------------------------------


def test_the_scenario_is_written_with_the_figure_or_neither(tmp_path):
    recipe = Recipe(figure="curves", scenario=fm.preset("vm-busy"), policies=["tracked"],
                    options={"points": 3})  # fmt: skip
    (tmp_path / "a.toml").mkdir()
    with pytest.raises(InputError, match=r"a\.toml: cannot be written \(it is a folder\)"):
        save(recipe, tmp_path / "a")
    assert [path.name for path in tmp_path.iterdir()] == ["a.toml"]
    files = save(recipe, tmp_path / "b")
    assert [path.name for path in files] == [f"b.{end}" for end in (*FORMATS, "toml")]
    assert fm.Scenario.load(files[-1]) == recipe.scenario
    assert save(recipe, tmp_path / "b") == files  # what we wrote may be written over


def test_a_scenario_file_that_a_person_wrote_is_never_written_over(tmp_path):
    recipe = Recipe(figure="curves", scenario=fm.preset("vm-busy"), policies=["tracked"],
                    options={"points": 3})  # fmt: skip
    mine = tmp_path / "mine.toml"
    mine.write_text("# my notes\n[vcpu]\nresidency_us = 3\n")
    with pytest.raises(InputError, match=r"mine\.toml: is there already, and somebody wrote it"):
        save(recipe, tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]
    mine.write_text(f"# my notes\n{fm.preset('vm-busy').to_toml()}")
    files = save(recipe, tmp_path / "mine")
    assert mine not in files
    assert mine.read_text().startswith("# my notes")


def test_no_picture_depends_on_fonts_of_the_system():
    import matplotlib

    inside = matplotlib.get_data_path()
    for weight in ("normal", "bold"):
        with fixed():
            font = findfont(FontProperties(weight=weight), fallback_to_default=False)
        assert font.startswith(inside)


def test_a_png_of_every_kind_is_whole(made):
    with Image.open(io.BytesIO(made["png"].read_bytes())) as image:
        image.load()
        assert json.loads(image.text["Description"])["figure"] == "which-policy"
