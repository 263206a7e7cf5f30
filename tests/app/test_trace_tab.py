"""The trace tab and the trace panel, moved from Python as a browser would move them."""

from __future__ import annotations

import asyncio
import gzip
import html
import io
import lzma
import re
import shutil
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import fpsimd_model as fm
from fpsimd_model.app import Explorer, explore
from fpsimd_model.app.reading_traces import LARGEST, Upload
from fpsimd_model.app.state import State
from fpsimd_model.app.trace_panel import TracePanel
from fpsimd_model.app.trace_tab import TraceTab
from fpsimd_model.app.trace_view import NONE, OWN, TraceView
from fpsimd_model.figures import Data
from fpsimd_model.resources import data_path

FEW = ["switch-on-exit", "defer-to-put", "tracked"]
PLAIN = "k61-vhe-busy-plain.txt.gz"
MMIO = "k61-vhe-mmio-ipsec.txt.gz"
TRACE = data_path("traces", PLAIN)


def app_at(tab: str) -> Explorer:
    app = explore("cortex-a57-ipsec", FEW)
    app.screen.tabs.buttons.value = tab
    return app


@pytest.fixture
def app() -> Explorer:
    return app_at("trace")


def view_of(app: Explorer) -> TraceView:
    return app.screen.tabs["trace"].view


def words(widget) -> str:
    return html.unescape(re.sub("<[^>]+>", "", widget.value)).strip()


def status(app: Explorer) -> str:
    return words(app.screen.html["status"])


def send(view: TraceView, name: str, content: bytes) -> None:
    """Upload a file."""
    view.upload.value = (
        {
            "name": name,
            "type": "",
            "size": len(content),
            "content": memoryview(content),
            "last_modified": datetime.now(UTC),
        },
    )


def press_enter(view: TraceView) -> None:
    """On what stands in the field already."""
    view.path._handle_custom_msg({"event": "submit"}, [])


async def read(view: TraceView, seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while view.background.running:
            await asyncio.sleep(0.001)


def test_a_trace_becomes_the_scenario_to_start_from(app, tmp_path):
    tab, view = app.screen.tabs["trace"], view_of(app)
    with pytest.raises(fm.InputError, match="no trace is shown"):
        app.export(tmp_path)
    view.choice.value = str(TRACE)
    assert words(view.words).startswith(PLAIN)
    assert "sliders" not in words(view.words)
    assert "switch-on-exit" in view.shown.replay.value
    assert "residenc" in view.shown.report.value
    image = bytes(view.shown.sight.image.value)
    assert Image.open(io.BytesIO(image)).size == (1280, 840)
    tab.use.click()
    found = fm.calibrate(TRACE).scenario
    assert app.scenario == found
    assert app.state.names == tuple(FEW)
    assert words(view.words).endswith("The sliders now show this machine.")
    app.screen.knobs["slowdown"].slider.index -= 1
    assert words(view.words).endswith("show this machine with other values.")
    app.screen.reset.click()
    assert app.scenario == found
    assert words(view.words).endswith("The sliders now show this machine.")
    app.screen.presets.drops["situation"].value = "vm-idle"
    assert "sliders" not in words(view.words)
    app.screen.presets.drops["situation"].value = ""
    assert app.scenario == found
    assert status(app) == "ready"


def test_what_is_wrong_stands_in_the_tab_alone_and_the_path_in_its_field(app, tmp_path):
    view, own = view_of(app), tmp_path / "own.txt.gz"
    view.path.value = str(own)
    assert words(view.words) == f"{own}: cannot read the trace: No such file or directory"
    assert status(app) == "ready"
    assert view.path.value == str(own)
    assert view.choice.value == OWN
    assert view.results.layout.visibility == "hidden"
    assert app.screen.tabs["trace"].use.disabled
    shutil.copy(TRACE, own)
    press_enter(view)
    assert words(view.words).startswith("own.txt.gz: ")
    assert view.results.layout.visibility == "visible"
    assert not app.screen.tabs["trace"].use.disabled
    own.unlink()
    press_enter(view)
    assert view.told is None
    assert view.picture is None
    assert view.results.layout.visibility == "hidden"
    view.choice.value = str(TRACE)
    assert words(view.words).startswith(PLAIN)
    assert view.path.value == str(own)


def test_a_trace_is_drawn_in_the_background_and_the_old_one_is_pale_meanwhile(tmp_path):
    async def run():
        app = app_at("trace")
        tab, view, seen = app.screen.tabs["trace"], view_of(app), []
        view.background.words.observe(lambda change: seen.append(change["new"]), "value")
        view.choice.value = str(TRACE)
        assert view.told is None
        await read(view)
        old = view.told
        assert old.calibration.name == PLAIN
        assert any(re.fullmatch(r"[\d.]+ of [\d.]+ MB read", words) for words in seen)
        view.choice.value = str(data_path("traces", MMIO))
        assert "fm-stale" in view.shown.body._dom_classes
        assert words(view.words) == f"reading {MMIO} ...; what is pale is of {PLAIN}"
        assert tab.use.disabled
        assert tab.picture is None
        with pytest.raises(fm.InputError, match="is being read"):
            app.export(tmp_path)
        view.background.stop.click()
        assert view.told is old
        assert "fm-stale" not in view.shown.body._dom_classes
        assert words(view.words).startswith(PLAIN)
        assert view.choice.value == str(TRACE)
        assert not tab.use.disabled
        view.choice.value = str(data_path("traces", MMIO))
        await read(view)
        assert view.told.calibration.name == MMIO
        assert "fm-stale" not in view.shown.body._dom_classes
        return list(tmp_path.iterdir())

    assert asyncio.run(run()) == []


def test_cancelling_the_first_trace_leaves_the_tab_as_it_began():
    async def run():
        view = view_of(app_at("trace"))
        first = view.words.value
        view.choice.value = str(TRACE)
        view.background.stop.click()
        return first == view.words.value, view.choice.value, view.results.layout.visibility

    assert asyncio.run(run()) == (True, NONE, "hidden")


def test_a_failing_picture_is_told(app, monkeypatch):
    view = view_of(app)
    monkeypatch.setattr(view.shown, "show", lambda told: 1 / 0)
    view.choice.value = str(TRACE)
    assert words(view.words) == "ZeroDivisionError: division by zero"
    assert view.told is None


# -- export --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sent.gz", "träce (1).txt.gz", "calibration.txt"])
def test_an_uploaded_trace_is_exported_with_its_figure(app, tmp_path, name, monkeypatch):
    view, content = view_of(app), TRACE.read_bytes()
    if name.endswith("txt"):
        content = gzip.decompress(content)
    send(view, name, content)
    assert view.upload.value == ()  # ready for the same file
    sent = view.told.source.data.name
    assert words(view.words).startswith(f"{sent}: ")
    app.screen.folder.value = str(tmp_path / "out")
    app.screen.export.click()
    assert status(app) == (
        f"wrote calibration .png .svg .pdf .txt .toml and {sent} into {tmp_path / 'out'} (#1)"
    )
    shutil.move(tmp_path / "out", tmp_path / "mail")  # somewhere else, as whoever gets it
    assert (tmp_path / "mail" / sent).read_bytes() == content
    scenario = fm.Scenario.load(tmp_path / "mail" / "calibration.toml")
    assert scenario == view.told.calibration.scenario
    monkeypatch.setattr("fpsimd_model.figures.data.data_path", lambda *_: tmp_path / "none")
    for ending in ("png", "txt"):
        assert fm.figures.reproduce(tmp_path / "mail" / f"calibration.{ending}").identical


def test_an_upload_does_not_take_the_place_of_another_file(app, tmp_path):
    view = view_of(app)
    send(view, "sent.gz", TRACE.read_bytes())
    (tmp_path / "sent.gz").write_bytes(b"somebody's")
    with pytest.raises(fm.InputError, match=r"sent\.gz: is there already, and is something else"):
        app.export(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["sent.gz"]
    (tmp_path / "sent.gz").write_bytes(TRACE.read_bytes())
    assert "sent.gz" not in {path.name for path in app.export(tmp_path)}
    app.export(tmp_path)
    assert not list(tmp_path.glob(".*"))


@pytest.mark.slow
def test_every_view_of_a_recorded_machine_can_be_made_again(app, tmp_path):
    view_of(app).choice.value = str(data_path("traces", MMIO))
    app.screen.tabs["trace"].use.click()
    assert app.scenario.vcpu.guest_run_us.samples  # in files of their own
    made = set()
    for name in app.screen.tabs.tabs:
        app.screen.tabs.buttons.value = name
        if name == "simulation":
            app.screen.tabs[name].seconds = 0.5
            app.screen.tabs[name].button.click()
        if name == "policy-map":
            continue  # as the others, in many times the time
        for path in app.export(tmp_path):
            if path.suffix in (".png", ".svg"):
                made.add(path.stem)
                assert fm.figures.reproduce(path).identical, path.name
        if (toml := tmp_path / f"{path.stem}.toml").exists():
            assert fm.Scenario.load(toml) == app.scenario
    assert made >= {"which-policy", "what-it-saves", "curves", "calibration", "lost-state"}


# -- what is no trace ----------------------------------------------------------------------------

NO_TRACE = {
    "empty.txt": (b"", "the trace is empty"),
    "empty.gz": (gzip.compress(b""), "the trace is empty"),
    "cut.gz": (TRACE.read_bytes()[:5000], "the compressed trace is cut or damaged"),
    "cut.xz": (lzma.compress(bytes(9999))[:80], "the compressed trace is cut or damaged"),
    "words.txt": (b"Dear list,\n" * 500, "not a trace in a form that is read"),
    "zeros.bin": (bytes(1000), "not a text trace"),
    "trace.dat": (b"\x17\x08\x44tracing6\0" + bytes(99), "trace-cmd"),
}


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 20)).save(out, "PNG")
    return out.getvalue()


NO_TRACE["figure.png"] = (picture(), "figure.png: ")


@pytest.fixture
def alone() -> TraceTab:
    """The tab without the app around it, which must not have to tell of anything."""

    def fail(error: Exception) -> None:
        raise AssertionError("told outside the tab") from error

    state = State.of("reference", FEW)
    return TraceTab(lambda scenario: None, lambda: state, fail)


def refused(tab: TraceTab) -> str:
    """What the tab says; it shows nothing, and says so in one line."""
    view = tab.view
    assert 'class="fm-error"' in view.words.value
    assert view.told is None
    assert view.results.layout.visibility == "hidden"
    assert not view.background.running
    assert tab.use.disabled
    said = words(view.words)
    assert "\n" not in said
    assert "Error:" not in said
    return said


@pytest.mark.parametrize("name", NO_TRACE)
@pytest.mark.parametrize("way", ["sent", "written"])
def test_what_is_no_trace_is_refused_in_one_line(alone, tmp_path, name, way):
    view, (content, says) = alone.view, NO_TRACE[name]
    view.choice.value = str(TRACE)
    if way == "sent":
        send(view, name, content)
    else:
        (tmp_path / name).write_bytes(content)
        view.path.value = str(tmp_path / name)
    said = refused(alone)
    assert name in said
    assert says in said


@pytest.mark.parametrize("path", [".", "~nobody-of-this-name/trace.txt", "a\0b", "x" * 5000])
def test_a_path_that_is_no_file_is_refused_in_one_line(alone, path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    alone.view.path.value = path
    assert "cannot read the trace" in refused(alone)


def test_a_file_without_permission_is_refused_in_one_line(alone, tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("fpsimd_model.traces.source.io.FileIO", refuse)
    alone.view.path.value = str(TRACE)
    assert refused(alone) == f"{TRACE}: cannot read the trace: Permission denied"


def test_an_upload_that_is_too_large_is_refused_in_one_line(alone):
    view = alone.view
    send(view, "large.gz", bytes(LARGEST + 1))
    assert "large.gz: 10.0 MB; an upload has at most 10.0 MB" in refused(alone)
    Upload("fits.gz", bytes(LARGEST))


@given(st.binary(max_size=400), st.sampled_from([b"", b"\x1f\x8b", b"\xfd7zXZ\0", b"BZh"]),
       st.text(max_size=80))  # fmt: skip
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sent_ends_in_one_line(alone, content, head, name):
    view = alone.view
    send(view, name, head + content)
    refused(alone)


@given(st.text(max_size=90))
def test_whatever_an_upload_is_called_its_figure_can_name_it(name):
    data = Upload(name, b"x").data
    assert Data.read(data.to_dict()) == data
    assert not data.name.startswith("calibration.")


# -- the panel of the notebook -------------------------------------------------------------------


def test_the_panel_shows_a_recording_from_the_start_even_in_a_running_loop():
    async def run():
        panel = TracePanel()
        return panel, panel._repr_mimebundle_()

    panel, bundle = asyncio.run(run())
    assert panel.calibration.name == MMIO
    assert panel.prediction.kernel["guest_saves"] is not None
    assert bundle["image/png"]
    assert bundle["text/plain"] == f"<trace {MMIO}>"
    assert panel.view.choice.label == "k61-vhe-mmio-ipsec"


def test_the_panel_writes_scenario_and_figure(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    panel = TracePanel()
    panel.view.choice.value = str(TRACE)
    panel.write.click()
    assert words(panel.status).startswith("wrote k61-vhe-busy-plain.toml, ")
    assert fm.Scenario.load("k61-vhe-busy-plain.toml").vcpu.out_us == (
        panel.calibration.scenario.vcpu.out_us
    )
    panel.export.click()
    assert words(panel.status) == (
        "wrote calibration .png .svg .pdf .txt .toml into figures-out (#1)"
    )
    assert fm.figures.reproduce("figures-out/calibration.svg").identical
    (tmp_path / "file").touch()
    panel.folder.value = "file"
    panel.export.click()
    assert "no such folder can be made" in words(panel.status)


def test_the_panel_has_nothing_to_give_while_nothing_is_shown(tmp_path):
    panel = TracePanel(tmp_path)
    assert "image/png" not in panel._repr_mimebundle_()
    assert panel.write.disabled is False or panel.view.told is None
    for ask in (lambda: panel.calibration, lambda: panel.prediction):
        with pytest.raises(fm.InputError, match="no trace is shown"):
            ask()
    panel.view.path.value = "nowhere.txt"
    assert words(panel.view.words).startswith("nowhere.txt: cannot read the trace")
    assert panel.write.disabled
    panel.export.click()
    assert "no trace is shown" in words(panel.status)


def test_calibration_knows_no_widget():
    import ast

    for path in (data_path().parent / "fpsimd_model" / "calibration").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
                assert not any("ipywidgets" in n or n.startswith("app") for n in names), path.name
