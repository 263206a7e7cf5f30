"""The pointer over a picture of the app: what is read there, and what that hides."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.app import FIGURE
from tests.browser.pages import WidgetPage

__all__ = ["HIDDEN", "READ", "SCROLLS", "point_at"]

READ = ".fm-glass .fm-on pre"  # what is said where the pointer is
# What hides the place that it is read off, or stands outside the picture.
HIDDEN = """() => {
  const picture = document.querySelector('.fm-glass').getBoundingClientRect();
  return [...document.querySelectorAll('.fm-glass .fm-on')].flatMap((group) => {
    const [i, b, text] = [...group.children].map((part) => part.getBoundingClientRect());
    const x = i.height ? [i.left, i.right] : [b.left, b.right];
    const y = b.width ? [b.top, b.bottom] : [i.top, i.bottom];
    const over = text.left < x[1] && text.right > x[0] && text.top < y[1] && text.bottom > y[0];
    const off = text.left < picture.left - 1 || text.right > picture.right + 1
      || text.top < picture.top - 1 || text.bottom > picture.bottom + 1;
    const said = [over ? 'over' : 'off', text, picture].map((part) => JSON.stringify(part));
    return over || off ? [said.join(' ')] : [];
  });
}"""
# All that scrolls, with what is read and without, if that differs.  In one go: JupyterLab guesses
# the height of cells that it has not shown yet, and corrects itself at any time.
SCROLLS = """() => {
  const scrolls = () => JSON.stringify([...document.querySelectorAll('*')]
    .filter((e) => e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight)
    .filter((e) => /auto|scroll/.test(getComputedStyle(e).overflow))
    .map((e) => [e.className, e.scrollWidth, e.scrollHeight]));
  const read = [...document.querySelectorAll('.fm-glass .fm-on')], seen = scrolls();
  read.forEach((group) => { group.style.display = 'none'; });
  const bare = scrolls();
  read.forEach((group) => { group.style.display = ''; });
  return read.length && seen === bare ? [] : [seen, bare];
}"""


def point_at(shown: WidgetPage, x: float, y: float) -> str:
    """Move the pointer over the picture, to shares of it; gives what is read there, line by line.

    Where every strip of a picture says its own, it is the first one's.
    """
    shown.widget(FIGURE).scroll_into_view_if_needed()
    box = shown.widget(FIGURE).bounding_box()
    shown.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    expect(shown.widget(READ).first).to_be_visible()
    return shown.widget(READ).first.inner_text()
