"""A comparison as text of at most 72 columns, and as a dictionary."""

from __future__ import annotations

import numpy as np

from .agreement import Agreement, Difference

__all__ = ["table", "text"]


def text(found: Agreement) -> str:
    """What :meth:`.agreement.Agreement.to_text` returns."""
    n = len(found.scores)
    many = "" if found.scenarios == 1 else "s"
    lines = [f"{found.scenarios} scenario{many}, engines {', '.join(found.engines)}"]
    if n:
        low, high = found.spread_interval()
        interval = f" ({low:.3f} to {high:.3f} at 95%)" if found.scenarios >= _ENOUGH else ""
        lines += [
            f"{n} differences in standard errors; under agreement normal, spread 1:",
            f"  mean    {found.scores.mean():6.3f}",
            f"  spread  {found.spread:6.3f}{interval}",
            f"  by quartiles {found.robust_spread:.3f}",
            f"  largest {np.abs(found.scores).max():6.2f}",
            f"          below {found.expected_largest:.2f} in 19 of 20 cases, were all independent",
        ]
        for title, groups in (
            ("engines", found.by_engines()),
            ("metric", found.by_metric()),
            ("policy", found.by_policy()),
        ):
            lines += ["", *_table(title, groups)]
    lines += ["", "without a score:"]
    count = found.without_score()
    lines += [f"{count[why]:8d}  {words}" for why, words in _WHY.items() if why in count]
    lines += _listed("beyond 4.5 standard errors", found.outliers(), found)
    lines += _listed("exact, and different", found.contradictions, found)
    if expected := found.expected():
        lines += _listed("beyond 4.5, as the formula says itself", expected, found)
    return "\n".join(lines) + "\n"


_ENOUGH = 10  # scenarios for an interval that draws them again
_WHY = {
    "equal": "equal to nine digits",
    "jump": "percentiles equal to the 0.1% that they are good to",
    "few": "too few events expected in the simulation",
    "assumed": "no steady state by the formula, which says what it leaves out",
}


def _table(title: str, groups: dict[str, np.ndarray]) -> list[str]:
    rows = [
        f"{title:28s} {'n':>7s} {'mean':>7s} {'spread':>7s} {'largest':>8s}",
        f"{'-' * 28} {'-' * 7} {'-' * 7} {'-' * 7} {'-' * 8}",
    ]
    for name, z in groups.items():
        spread = np.sqrt((z**2).mean())
        rows.append(f"{name:28s} {len(z):7d} {z.mean():7.2f} {spread:7.2f} {np.abs(z).max():8.2f}")
    return rows


def _listed(title: str, rows: list[Difference], found: Agreement) -> list[str]:
    lines = ["", f"{title}: {len(rows)}"]
    for d in rows[:10]:
        z = "" if d.z is None else f", z {d.z:.1f}"
        a, b = d.engines
        lines += [
            f"  {d.scenario} {d.policy} {d.metric}",
            f"    {_number(d.first)} ({a}), {_number(d.second)} ({b}){z}",
        ]
        lines += _wrapped(d.note or found.command(d))
    if len(rows) > 10:
        lines.append(f"  and {len(rows) - 10} more")
    return lines


def _wrapped(words: str) -> list[str]:
    import textwrap

    return textwrap.wrap(
        words, 70, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"


def table(found: Agreement) -> dict:
    """What :meth:`.agreement.Agreement.to_dict` returns."""
    n = len(found.scores)
    return {
        "scenarios": found.scenarios,
        "engines": list(found.engines),
        "compared": n,
        "spread": found.spread if n else None,
        "robust_spread": found.robust_spread if n else None,
        "spread_ci95": list(found.spread_interval()) if n else None,
        "largest": float(np.abs(found.scores).max()) if n else None,
        "expected_largest": found.expected_largest,
        "without_score": found.without_score(),
        "metrics": _groups(found.by_metric()),
        "policies": _groups(found.by_policy()),
        "pairs": _groups(found.by_engines()),
        "outliers": [_row(d, found) for d in found.outliers()],
        "contradictions": [_row(d, found) for d in found.contradictions],
        "expected": [_row(d, found) for d in found.expected()],
    }


def _groups(groups: dict[str, np.ndarray]) -> dict:
    return {
        name: {
            "n": len(z),
            "mean": float(z.mean()),
            "spread": float(np.sqrt((z**2).mean())),
            "largest": float(np.abs(z).max()),
        }
        for name, z in groups.items()
    }


def _row(d: Difference, found: Agreement) -> dict:
    return {
        "scenario": d.scenario,
        "policy": d.policy,
        "metric": d.metric,
        d.engines[0]: d.first,
        d.engines[1]: d.second,
        "z": d.z,
        "note": d.note,
        "command": found.command(d),
    }
