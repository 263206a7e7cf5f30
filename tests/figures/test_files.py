"""Files: the same bytes every time, their parameters inside, all of them or none."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from fpsimd_model import __version__
from fpsimd_model.errors import InputError
from fpsimd_model.figures import FORMATS, costs, export, read_parameters
from fpsimd_model.figures import png as png_files
from fpsimd_model.figures.embed import text_block
from fpsimd_model.figures.palette import few_colours
from fpsimd_model.scenario import preset
from tests.figures.samples import NAMES, SCALAR, WRONG, curves, pictures

SCRIPT = """
import sys
from tests.figures.samples import pictures
for name, picture in pictures().items():
    picture.export(sys.argv[1] + "/" + name, command="x", seed=1)
"""


def few():
    """A figure that is quickly drawn."""
    return costs(curves(["tracked", "defer-to-put"]))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(-1e9, 1e9), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The costs of all sixteen in every format."""
    stem = tmp_path_factory.mktemp("files") / "costs"
    made = costs(curves()).export(
        stem,
        scenario=preset("cortex-a57-ipsec"),
        seed=3,
        command="fpsimd-model figure (costs) \\ 'é'",
        extra={"axis": [1e3, 1e5]},
    )
    return {path.suffix[1:]: path for path in made}


@pytest.mark.slow
def test_two_runs_write_the_same_bytes(tmp_path):
    """In processes of their own: nothing may come from memory, time or a random hash."""
    for seed in ("1", "2"):
        (tmp_path / seed).mkdir()
        command = [sys.executable, "-c", SCRIPT, str(tmp_path / seed)]
        environment = {**os.environ, "PYTHONHASHSEED": seed, "SOURCE_DATE_EPOCH": f"{seed}00000000"}
        subprocess.run(command, check=True, env=environment)
    names = sorted(path.name for path in (tmp_path / "1").iterdir())
    assert len(names) == 4 * len(FORMATS)
    for name in names:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes(), name


def test_exporting_again_writes_the_same_bytes(files, tmp_path):
    picture = costs(curves(shift=5.0))
    picture.draw()
    picture.set_data(curves())  # by another way, and not drawn yet
    again = picture.export(
        tmp_path / "costs",
        scenario=preset("cortex-a57-ipsec"),
        seed=3,
        command="fpsimd-model figure (costs) \\ 'é'",
        extra={"axis": [1e3, 1e5]},
    )
    for path in again:
        assert path.read_bytes() == files[path.suffix[1:]].read_bytes()


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_says_what_made_it(files, form):
    assert read_parameters(files[form]) == {
        "fpsimd_model": __version__,
        "figure": "costs",
        "policies": list(NAMES),
        "seed": 3,
        "command": "fpsimd-model figure (costs) \\ 'é'",
        "scenario": preset("cortex-a57-ipsec").to_toml(),
        "axis": [1e3, 1e5],
    }


def test_no_file_names_a_date_or_a_program(files):
    for form, path in files.items():
        content = path.read_bytes()
        assert not re.search(rb"CreationDate|Matplotlib|<dc:date>|tIME|Producer", content), form


def test_other_programs_find_the_parameters_too(files):
    with Image.open(files["png"]) as image:
        assert json.loads(image.text["Description"])["figure"] == "costs"
        assert image.info["dpi"] == pytest.approx((100, 100), rel=1e-3)
    assert b"<dc:description>{&quot;" in files["svg"].read_bytes() or (
        b'<dc:description>{"fpsimd_model"' in files["svg"].read_bytes()
    )


def test_a_png_is_small_enough_for_a_mail_and_true_to_the_screen(files):
    assert files["png"].stat().st_size < 20_000
    picture = costs(curves())
    picture.draw()
    with Image.open(files["png"]) as image:
        assert image.mode == "P"
        got = np.asarray(image.convert("RGB")).astype(float)
    want = picture.pixels()[:, :, :3].astype(float)
    assert got.shape == want.shape
    assert np.abs(got - want).mean() < 1.0
    assert (got[(want == 255).all(axis=2)] == 255).all()  # paper stays white


def test_every_kind_of_figure_is_small_enough_for_a_mail(tmp_path):
    for name, picture in pictures().items():
        (path,) = picture.export(tmp_path / name, "png", scenario=preset("vm-idle"))
        assert path.stat().st_size < 20_000, name


def test_text_in_an_svg_is_text(files):
    svg = files["svg"].read_text(encoding="utf-8")
    for name in NAMES:
        said = ": loses state" if name in WRONG else " |" if name in SCALAR else ""
        assert f">{name}{said}</text>" in svg


def test_the_text_has_72_columns_of_ascii(files):
    text = files["txt"].read_bytes().decode("ascii")
    assert max(map(len, text.split("\n"))) == 72
    assert text.endswith("-----\n")


def test_a_quoted_text_still_says_what_made_it(files, tmp_path):
    text = files["txt"].read_text(encoding="ascii")
    quoted = tmp_path / "mail.txt"
    lines = ["Hello,", "", *(f"> > {line}" for line in text.split("\n")), "> regards"]
    quoted.write_bytes("\r\n".join(lines).encode())
    assert read_parameters(quoted) == read_parameters(files["txt"])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_any_parameters_come_back_from_png_and_text(tmp_path, values):
    given = {**values, "fpsimd_model": "1"}
    text = tmp_path / "a.txt"
    text.write_text(text_block(given), encoding="ascii")
    assert read_parameters(text) == given
    image = tmp_path / "a.png"
    index, palette = np.zeros((2, 3), np.uint8), np.zeros((1, 3), np.uint8)
    image.write_bytes(png_files.encode(index, palette, {"Description": json.dumps(given)}))
    assert read_parameters(image) == given


NASTY = ["( ) \\ ()\\()", "</dc:description>", "]]> &amp;<b>", "漢字 é\x00\x1f", "\n\r\t"]


@pytest.mark.parametrize("form", ["svg", "pdf"])
def test_any_parameters_come_back_from_vector_files(tmp_path, form):
    values = {text: [text] for text in NASTY}
    (path,) = few().export(tmp_path / "a", form, extra=values)
    found = read_parameters(path)
    assert {key: found[key] for key in values} == values


def test_a_png_of_ours_is_a_png():
    rng = np.random.default_rng(0)
    rgb = rng.choice(np.array([[0, 0, 0], [255, 255, 255], [0, 87, 184]], np.uint8), (50, 70))
    index, palette = few_colours(rgb, 4)
    data = png_files.encode(index, palette, {"Title": "t", "Description": "d" * 500})
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), rgb)
        assert image.text == {"Title": "t", "Description": "d" * 500}
    assert png_files.text(data, "Title", 500) == "t"
    assert png_files.text(data, "Description", 500) == "d" * 500


def test_texts_that_others_wrote_are_read(tmp_path):
    from PIL.PngImagePlugin import PngInfo

    for compressed in (False, True):
        info = PngInfo()
        info.add_itxt("Description", '{"fpsimd_model": "é"}', zip=compressed)
        path = tmp_path / "other.png"
        Image.new("RGB", (4, 4)).save(path, pnginfo=info)
        assert read_parameters(path) == {"fpsimd_model": "é"}


# -- what goes wrong ---------------------------------------------------------------------------


def foreign(tmp_path, name: str, content: bytes):
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_files_without_parameters_are_refused_in_one_line(files, tmp_path):
    plain = io.BytesIO()
    Image.new("RGB", (4, 4)).save(plain, "PNG")
    cases = {
        "empty": b"",
        "plain.png": plain.getvalue(),
        "cut.png": files["png"].read_bytes()[:200],
        "cut.svg": files["svg"].read_bytes()[:600],
        "cut.pdf": files["pdf"].read_bytes()[:300],
        "cut.txt": files["txt"].read_bytes()[:-60],
        "noise.txt": text_block({}).replace("\n", "\n!!").encode(),
        "list.svg": b"<svg><dc:description>[1]</dc:description></svg>",
        "other.svg": b'<svg><dc:description>{"a": 1}</dc:description></svg>',
        "deep.svg": b"<svg><dc:description>" + b"[" * 99999 + b"</dc:description></svg>",
        "bytes": bytes(range(256)) * 9,
    }
    for name, content in cases.items():
        with pytest.raises(InputError, match="no parameters of fpsimd_model in this") as caught:
            read_parameters(foreign(tmp_path, name, content))
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_changed_byte_of_a_text_is_noticed(files, tmp_path):
    text = files["txt"].read_text(encoding="ascii")
    at = text.index("BEGIN FPSIMD") + 120
    changed = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
    with pytest.raises(InputError, match="damaged"):
        read_parameters(foreign(tmp_path, "changed.txt", changed.encode()))


@pytest.mark.parametrize("name", ["missing.png", "."])
def test_what_cannot_be_read_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="cannot be read"):
        read_parameters(tmp_path / name)


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(InputError, match="no format is called 'gif'; there are png, svg, pdf, txt"):
        export(few(), tmp_path / "a", ["png", "gif"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("extra", [{"a": float("nan")}, {"a": object()}])
def test_parameters_that_are_no_json_are_refused(tmp_path, extra):
    with pytest.raises(InputError, match="cannot be embedded"):
        export(few(), tmp_path / "a", extra=extra)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_is_said_so(tmp_path):
    with pytest.raises(InputError, match=r"cannot be written \(no such file or directory\)"):
        few().export(tmp_path / "missing" / "a")


def test_if_one_file_cannot_be_written_none_has_changed(tmp_path):
    """A folder stands where the third file should go."""
    (tmp_path / "a.png").write_bytes(b"old")
    (tmp_path / "a.pdf").mkdir()
    with pytest.raises(InputError, match=r"a\.pdf: cannot be written"):
        few().export(tmp_path / "a")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pdf", "a.png"]
    assert (tmp_path / "a.png").read_bytes() == b"old"


def test_what_was_moved_is_moved_back(tmp_path, monkeypatch):
    from pathlib import Path

    (tmp_path / "a.png").write_bytes(b"old")
    replace, moved = Path.replace, []

    def failing(self, target):
        if len(moved) == 2:
            raise OSError(28, "No space left on device")
        moved.append(target)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(InputError, match="no space left"):
        few().export(tmp_path / "a")
    assert len(moved) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert (tmp_path / "a.png").read_bytes() == b"old"


def test_a_known_ending_is_taken_off_and_another_kept(tmp_path):
    picture = few()
    assert [p.name for p in picture.export(tmp_path / "a.png", "svg")] == ["a.svg"]
    assert [p.name for p in picture.export(tmp_path / "v4.18", "txt")] == ["v4.18.txt"]


def test_a_link_is_followed(tmp_path):
    (tmp_path / "real.txt").write_bytes(b"")
    (tmp_path / "a.txt").symlink_to(tmp_path / "real.txt")
    few().export(tmp_path / "a", "txt")
    assert (tmp_path / "a.txt").is_symlink()
    assert read_parameters(tmp_path / "real.txt")["policies"] == ["tracked", "defer-to-put"]
