"""Sentences about what is on screen: the upshot, the orders of events, what a situation is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from ..errors import InputError
from ..figures.numbers import significant
from ..policies import SwitchOnExit
from ..proof import Verdict
from .grid import text_of
from .line import call_of
from .state import State
from .table import Row

__all__ = ["about", "call", "complaint", "events", "line", "note", "status", "upshot"]

SLOW = 1.01  # crypto that takes longer than this many times as long counts as slowed
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.]*\w)")
HELD = 2.0  # so does a delay of so many times the best


def upshot(rows: Sequence[Row], state: State) -> str:
    """Which policy is cheapest of those that do no harm, in one or two sentences.

    Harm is lost registers, crypto without NEON, packets held back, or no steady state.
    """
    rate = text_of(state.scenario.softirq.rate_per_s)
    where = f"At {rate} interrupts/s"
    good = [row for row in rows if row.verdict.correct and row.solved]
    delays = [d for row in good if (d := row.metrics["sojourn_mean_us"]) is not None and d > 0]
    harmless = [row for row in good if _harmless(row, min(delays, default=0.0))]
    if not harmless:
        return f"{where} none of the policies shown keeps registers, NEON and packets all unharmed."
    best = min(harmless, key=lambda row: row.metrics["switch_share"])
    said = (
        f"{where}, of {len(harmless)} policies that lose no registers, keep NEON and hold no "
        f"packet back, <b>{escape(best.policy.name)}</b> costs least: {_percent(best)} of the CPU"
    )
    worst = next((row for row in harmless if row.policy is SwitchOnExit), None)
    if worst is not None and worst is not best:
        said += f", against {_percent(worst)} with {worst.policy.name}"
    return said + "."


def _harmless(row: Row, best: float) -> bool:
    slow, delay = row.metrics["crypto_slowdown"], row.metrics["sojourn_mean_us"]
    return not (slow or 0.0) > SLOW and not (delay or 0.0) > HELD * best


def _percent(row: Row) -> str:
    return f"{significant(100.0 * row.metrics['switch_share'], 3)}%"


def events(verdicts: Sequence[Verdict]) -> str:
    """For each wrong policy the shortest orders of events that lose state, to unfold."""
    wrong = [verdict for verdict in verdicts if not verdict.correct]
    if not wrong:
        return '<p class="fm-fine">No order of events loses registers under any policy shown.</p>'
    return "".join(_story(verdict) for verdict in wrong)


def _story(verdict: Verdict) -> str:
    parts = []
    for example in verdict.counterexamples:
        told = "".join(f"<li>{escape(text)}</li>" for text in example.events)
        parts.append(f"<p>{escape(example.summary)}:</p><ol>{told}</ol>")
    return (
        f'<details data-policy="{escape(verdict.policy)}"><summary><b>{escape(verdict.policy)}</b> '
        f"loses state: the shortest order of events</summary>{''.join(parts)}</details>"
    )


def about(state: State) -> str:
    """What the situation is, and what has been put on it that no slider shows."""
    origin = state.origin
    title = origin.title or "a scenario of your own"
    said = f"<b>{escape(title)}.</b> {escape(origin.why)}"
    if also := {**state.presets, **state.others}:
        told = ", ".join(f"{key} = {value}" for key, value in also.items())
        said += f" <i>Here with {escape(told)}.</i>"
    return said


def call(state: State) -> str:
    """The line as a cell would have it; nothing where it does not fit in a line."""
    try:
        return call_of(state)
    except InputError:
        return ""


def line(state: State) -> str:
    """The state's line with a button that copies it."""
    try:
        text = escape(call_of(state))
    except InputError as error:
        return f"<i>{escape(str(error))}</i>"
    copy = "navigator.clipboard.writeText(this.dataset.line).then(() => this.innerText = 'copied')"
    return f'<button data-line="{text}" onclick="{copy}">Copy line</button> <code>{text}</code>'


def note(rows: Sequence[Row], state: State) -> str:
    """What the numbers leave out; policies that differ only in a number share a sentence."""
    alike: dict[str, list[str]] = {}
    for row in rows:
        if row.status == "ok" and row.reason:
            alike.setdefault(_NUMBER.sub("#", row.reason), []).append(row.reason)
    said = ["Analytic engine", *(_merged(reasons) for reasons in alike.values())]
    if state.scenario.softirq.softirq_budget_us > 0 and "ksoftirqd" not in str(said):
        said.append("ksoftirqd left out: every busy period runs to its end")
    text = escape("; ".join(said) + ".")
    return f'<div title="{text}">{text}</div>'


def _merged(reasons: Sequence[str]) -> str:
    """One sentence for several that differ only in numbers: from the least to the largest."""
    columns = zip(*(_NUMBER.findall(reason) for reason in reasons), strict=True)
    ranges = []
    for column in columns:
        low, high = min(column, key=float), max(column, key=float)
        ranges.append(low if low == high else f"{low} to {high}")
    return _NUMBER.sub(lambda _: ranges.pop(0), reasons[0])


def complaint(error: Exception) -> str:
    """What an exception says; with its kind, if it is not about what a person did.

    >>> complaint(InputError("no such file")), complaint(KeyError("x"))
    ('no such file', "KeyError: 'x'")
    """
    return str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"


def status(text: str, *, error: bool = False) -> str:
    """A line on what happened."""
    if error:
        return f'<span class="fm-error" role="alert">{escape(text)}</span>'
    return f'<span role="status">{escape(text)}</span>'
