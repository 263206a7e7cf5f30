"""The gallery: every file of it is made again to the byte by what is inside it."""

from __future__ import annotations

import pytest

from fpsimd_model.figures import FORMATS, Answer, Recipe, read_parameters, show
from fpsimd_model.figures.gallery import GALLERY
from tests.house import ROOT

FILES = {name: [ROOT / "figures" / f"{name}.{form}" for form in FORMATS] for name in GALLERY}


def test_every_file_of_the_gallery_has_its_recipe():
    here = {path for path in (ROOT / "figures").iterdir() if path.suffix[1:] in FORMATS}
    assert here == {path for paths in FILES.values() for path in paths}


@pytest.mark.slow
@pytest.mark.parametrize("name", GALLERY)
def test_reproduce_gives_identical_bytes(name):
    """As `reproduce` does it, but drawn once for the four formats."""
    inside = [read_parameters(path) for path in FILES[name]]
    assert all(each == inside[0] for each in inside)
    made = Answer(Recipe.read(inside[0]).located()).contents()
    for path in FILES[name]:
        assert made[path.suffix[1:]] == path.read_bytes(), f"{path.name}: run `make figures`"


@pytest.mark.parametrize("name", GALLERY)
def test_show_tells_what_made_it_and_pictures_fit_a_mail(name):
    for path in FILES[name]:
        assert GALLERY[name]().figure in show(path)
    png, _, _, txt = FILES[name]
    assert png.stat().st_size < 20_000
    text = txt.read_bytes()
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 72
