"""The app in the browser: what its tests do with it, and wait for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import expect

from fpsimd_model.policies import ALL
from tests.browser.pages import LabPage, WidgetPage
from tests.house import ROOT

NOTEBOOK = ROOT / "notebooks" / "01-which-policy.ipynb"
AT_REST = '.fm-table table[data-shown^="rest"]'
FIGURE = ".fm-figure"


def at_rest(shown: WidgetPage, after: int = -1) -> int:
    """Wait until a change later than `after` is drawn, sharp and with all its numbers."""
    handle = shown.page.wait_for_function(
        """([table, after]) => {
          const [what, number] = (document.querySelector(table)?.dataset.shown ?? '').split(' ');
          return what === 'rest' && Number(number) > after && number;
        }""",
        arg=[".fm-table table", after],
    )
    return int(handle.json_value())


@contextmanager
def changing(shown: WidgetPage) -> Iterator[None]:
    """What is done within changes something; wait until it is drawn, and the picture is another."""
    before, picture = at_rest(shown), shown.picture(FIGURE)
    yield
    at_rest(shown, before)
    assert shown.picture(FIGURE) != picture


def entry(shown: WidgetPage, name: str) -> str:
    return shown.widget(f".fm-{name} .fm-entry input").input_value()


def wait_entry(shown: WidgetPage, name: str, value: str) -> None:
    shown.page.wait_for_function(
        "([css, value]) => document.querySelector(css).value === value",
        arg=[f".fm-{name} .fm-entry input", value],
    )


def type_in(shown: WidgetPage, css: str, text: str) -> None:
    field = shown.widget(f"{css} input")
    field.fill(text)
    field.press("Enter")


def row(shown: WidgetPage, policy: str) -> str:
    return shown.text(f'.fm-table tr[data-policy="{policy}"]')


def unfold(shown: WidgetPage, title: str) -> None:
    """Open one of what is folded below, if it is not open."""
    head = shown.widget(".fm-more .jupyter-widget-Collapse-header").filter(has_text=title)
    if "jupyter-widget-Collapse-open" not in head.locator("..").get_attribute("class"):
        head.click()


def choose_tab(shown: WidgetPage, title: str) -> None:
    """Another view, brought up to date; nothing to do if it is the one that is shown."""
    button = shown.widget(".fm-views").get_by_text(title, exact=True)
    if "mod-active" not in button.get_attribute("class"):
        before = at_rest(shown)
        button.click()
        at_rest(shown, before)


def export(shown: WidgetPage, folder: str) -> Path:
    """Write a folder's name, press Export; gives the folder when the app has said that it wrote."""
    said = shown.text(".fm-status")
    type_in(shown, ".fm-folder", folder)
    shown.click(".fm-export")
    shown.page.wait_for_function(
        """(said) => {
          const now = document.querySelector('.fm-status').innerText;
          return now !== said && /^wrote .* \\(#\\d+\\)/.test(now.trim());
        }""",
        arg=said,
    )
    assert f"into {folder} (#" in shown.text(".fm-status")
    return shown.folder / folder


def start_app(lab: LabPage) -> None:
    """Run the notebook, and wait for its app to come to rest."""
    lab.run_all()
    lab.widget(FIGURE).scroll_into_view_if_needed()
    at_rest(lab)


BEGINNING = "cortex-a57-ipsec"
EVERY = ",".join(policy.name for policy in ALL)


def start_over(lab: LabPage) -> None:
    """Bring the first notebook's app back to where it began: values, policies, view, folder."""
    lab.page.mouse.move(0, 0)
    choose_tab(lab, "cost, crypto")
    unfold(lab, "This state as a line")
    before = at_rest(lab)
    type_in(lab, ".fm-paste", f"{BEGINNING}?policies={EVERY}")
    at_rest(lab, before)
    type_in(lab, ".fm-folder", "figures-out")
    lab.widget(FIGURE).scroll_into_view_if_needed()
    expect(lab.widget(".fm-line code")).to_have_text(f'fm.app.explore("{BEGINNING}")')
    lab.console.clear()
