"""Values read off a picture under the pointer: no round trip, the browser has them already.

What can be read lies in a transparent layer over the picture; its own few lines of script find the
nearest point and show a hairline and the numbers.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from html import escape

from ..figures.reading import Reading

__all__ = ["layer"]


def layer(readings: Sequence[Reading]) -> str:
    """The layer as HTML; nothing without readings."""
    if not readings:
        return ""
    data = json.dumps(_packed(readings), separators=(",", ":"), ensure_ascii=False)
    data = data.replace("&", "&amp;").replace("'", "&#39;").replace("<", "&lt;")
    groups = "<div><i></i><b></b><pre></pre></div>" * len(readings)
    return (
        f'<div class="fm-glass" data-read=\'{data}\' onpointermove="{escape(_MOVE)}" '
        f'onpointerleave="{escape(_LEAVE)}">{groups}</div>'
    )


_LONG = re.compile(r"[^\s]{4,}")


def _packed(readings: Sequence[Reading]) -> dict[str, object]:
    """Words that are said often are sent once; in the texts a tab and their number stand for them.

    >>> _packed([Reading((0, 0, 1, 1), (0.0, 1.0), (), ("1 tracked", "2 tracked"))])["words"]
    ['tracked']
    """
    count = Counter(word for r in readings for text in r.text for word in _LONG.findall(text))
    words = [word for word, n in count.most_common() if n > 1]
    number = {word: f"\t{i}" for i, word in enumerate(words)}
    panels = [
        {
            **asdict(r),
            "text": [_LONG.sub(lambda m: number.get(m[0], m[0]), text) for text in r.text],
        }
        for r in readings
    ]
    return {"words": words, "panels": panels}


_LEAVE = "for (const group of this.children) group.classList.remove('fm-on')"
# What is said stands beside the panel, or else beside what is read; never beyond the picture.
_MOVE = r"""
const {words, panels} = this.fm ??= JSON.parse(this.dataset.read);
const {left, top, width: W, height: H} = this.getBoundingClientRect();
const X = event.clientX - left, Y = event.clientY - top;
const near = (at, v) => at.reduce((b, a, i) => Math.abs(a - v) < Math.abs(at[b] - v) ? i : b, 0);
panels.forEach((p, n) => {
  const [l, t, w, h] = p.box.map((v, i) => v * (i % 2 ? H : W)), group = this.children[n];
  const on = X >= l && X <= l + w && Y >= t && Y <= t + h;
  group.classList.toggle('fm-on', on);
  if (!on) return;
  const [column, row, text] = group.children, px = (v) => v + 'px';
  const i = near(p.x, (X - l) / w), j = near(p.y, (Y - t) / h);
  const [x0, x1] = p.x.length ? [l + w * p.x[i], l + w * p.x[i]] : [l, l + w];
  const [y0, y1] = p.y.length ? [t + h * p.y[j], t + h * p.y[j]] : [t, t + h];
  Object.assign(column.style, {left: px(x0), top: px(t), height: px(p.x.length ? h : 0)});
  Object.assign(row.style, {left: px(l), top: px(y0), width: px(p.y.length ? w : 0)});
  text.textContent = p.text[j * Math.max(1, p.x.length) + i]
    .replace(/\t(\d+)/g, (_, k) => words[k]);
  const a = text.offsetWidth, b = text.offsetHeight, off = 8;
  const u = Math.max(0, Math.min(p.at ? p.at[0] * W : l + w + off, W - a));
  const v = Math.max(0, Math.min(p.at ? p.at[1] * H : t, H - b));
  const free = ([u, v]) => u >= 0 && v >= 0 && u + a <= W && v + b <= H
    && (u + a < x0 - 4 || u > x1 + 4 || v + b < y0 - 4 || v > y1 + 4);
  const [at, down] = [[u, v], [x0 - off - a, v], [x1 + off, v], [u, y0 - off - b], [u, y1 + off]]
    .find(free) ?? [u, v];
  Object.assign(text.style, {left: px(at), top: px(down)});
});
""".strip()
