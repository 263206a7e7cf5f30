"""Plain text: 72 columns of ASCII whatever goes in, and the numbers that went in."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fpsimd_model.errors import InputError
from fpsimd_model.figures import MAIN, Curves, Panel, axis_of, costs, html, plot, reply, table
from fpsimd_model.figures.ascii_map import drawn
from fpsimd_model.figures.columns import COLUMNS
from fpsimd_model.figures.cost_map import CostMap
from fpsimd_model.figures.mail import differences
from fpsimd_model.figures.plain import ascii_only, command
from fpsimd_model.proof import check
from fpsimd_model.results import METRICS, Result
from fpsimd_model.scenario import Scenario, preset
from tests.figures.samples import CORRECT, WRONG, curves, pictures

MANY = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
WORDS = st.text(max_size=60)
NUMBERS = st.one_of(st.none(), st.floats())


def is_plain(text: str, width: int = 72) -> bool:
    lines = text.split("\n")
    return text.isascii() and all(
        len(line) <= width and line == line.rstrip() and line.isprintable() for line in lines
    )


@st.composite
def results(draw) -> list[Result]:
    names = draw(st.lists(WORDS, min_size=1, max_size=5, unique=True))
    engines = draw(st.lists(st.sampled_from(["analytic", "montecarlo"]), min_size=1, unique=True))
    made = []
    for name in names:
        for engine in engines:
            metrics = {m: draw(NUMBERS) for m in METRICS}
            ci95 = {m: (draw(st.floats()), draw(st.floats())) for m in MAIN[:2]}
            status = draw(st.sampled_from(["ok", "unstable", "unbounded"]))
            made.append(Result(name, engine, metrics, ci95, status, draw(WORDS)))
    return made


@MANY
@given(results(), st.booleans(), st.sampled_from([None, MAIN]))
def test_a_table_is_plain_and_misses_no_policy(found, checked, metrics):
    verdicts = {r.policy: True for r in found} if checked else None
    text = table(found, verdicts, metrics)
    assert is_plain(text)
    blocks = [block for block in text.split("\n\n") if "\n---" in block]
    assert all(len(block.split("\n")) >= 4 + len(found) for block in blocks)


@MANY
@given(st.text(), WORDS, WORDS)
def test_any_words_become_plain(title, line, name):
    scenario = Scenario(name=name)
    assert is_plain(reply(title, scenario=scenario, version=name))
    assert ascii_only(line).isascii()
    assert "\n" not in ascii_only(line)


@MANY
@given(
    st.dictionaries(WORDS, st.lists(st.floats(), min_size=7, max_size=7), min_size=1, max_size=40),
    st.booleans(),
    st.integers(40, 100),
    st.integers(4, 30),
    st.one_of(st.none(), st.floats(1e-3, 1e9)),
)
def test_a_plot_is_plain(values, log, width, height, at):
    made = Curves(
        axis_of("softirq.interrupts_per_s"),
        [1, 10, 50, 200, 1e3, 1e4, 5e6],
        {name: {"saving": y} for name, y in values.items()},
        dict.fromkeys(list(values)[::2], False),
        at,
    )
    text = plot(made, "saving", width, height, panel=Panel("saving", "saving [%]", log=log))
    assert is_plain(text, width)
    assert sum("|" in line for line in text.split("\n")) >= height


@pytest.mark.parametrize("kind", ["costs", "policy-map", "bars", "time-line"])
def test_every_figure_has_a_plain_text(kind):
    text = pictures()[kind].text()
    assert is_plain(text)
    assert len(text) > 400


def test_a_curve_is_drawn_where_its_values_are():
    made = Curves(
        axis_of("softirq.interrupts_per_s"),
        [10.0, 1000.0],
        {"steady": {"saving": [10.0, 10.0]}, "rising": {"saving": [1.0, 100.0]}},
    )
    panel = Panel("saving", "x")
    lines = plot(made, height=21, panel=panel).split("\n")
    rows = {line.split("|")[0].strip(): line for line in lines if "|" in line}
    steady = rows["10"].partition("|")[2]
    assert set(steady[:60]) <= set("SR.")
    assert "R" in steady[25:35]  # they meet in the middle
    assert rows["1"].partition("|")[2][0] == "R"
    assert rows["100"].partition("|")[2].rstrip().endswith("R")


def test_a_plot_marks_the_scenario_and_what_loses_state():
    text = plot(curves(["tracked", "defer-to-put"], at=1e4))
    assert "d=defer-to-put (loses state)" in text
    assert "T=tracked" in text
    assert ":=the scenario, 10k" in text
    column = {line.index(":") for line in text.split("\n") if "|" in line and ":" in line}
    assert len(column) == 1


def test_curves_that_meet_appear_in_turn_and_each_has_its_own_letter():
    x = [1e3, 1e4, 1e5]
    low, high = [1.0, 1.0, 1.0], [1.0, 1.0, 100.0]
    made = Curves(
        axis_of("softirq.interrupts_per_s"),
        x,
        {
            "tracked": {"saving": low},
            "flush-hook": {"saving": low},
            "softirqs-off": {"saving": high},
        },
        {"flush-hook": False},
    )
    text = plot(made, panel=Panel("saving", "x"))
    drawn = "".join(line.partition("|")[2] for line in text.split("\n"))
    assert "TSTSTS" in drawn
    assert "#" not in text
    assert "T=tracked  f=flush-hook (loses state, as T)  S=softirqs-off" in text
    assert "letters in turn: curves that meet" in text
    assert "f" not in drawn
    alone = replace(made, values={"tracked": made.values["tracked"]})
    assert "in turn" not in plot(alone, panel=Panel("saving", "x"))


@pytest.mark.parametrize("metric", ["switch_share", "crypto_slowdown"])
def test_every_letter_of_the_legend_is_in_the_plot(metric):
    """Or the legend says with whom the curve coincides."""
    text = plot(curves(), metric)
    drawn = "".join(line.partition("|")[2] for line in text.split("\n") if "|" in line)
    legend = text.partition("-----\n")[2]
    entries = re.findall(r"(\S)=([\w-]+)(?: \(([^)]*)\))?", legend)
    assert len(entries) >= 2
    for letter, name, remark in entries:
        if name in CORRECT:
            assert letter in drawn or "as " in remark, (letter, name)


def test_a_curve_under_others_throughout_is_said_to_be():
    gap = np.nan
    points = {"tracked": [1, gap, 2], "flush-hook": [1, gap, gap], "nested-save": [gap, gap, 2]}
    made = Curves(
        axis_of("crypto.slowdown"),
        [1.0, 10.0, 100.0],
        {name: {"saving": np.array(y, float)} for name, y in points.items()},
    )
    text = plot(made, panel=Panel("saving", "x"))
    assert "T=tracked (covered by others)  F=flush-hook  N=nested-save" in text
    assert "letters in turn" in text


def test_a_map_says_where_none_is_stable():
    x, y = np.array([1e3, 1e4, 1e5]), np.array([10.0, 100.0])
    costs = {"tracked": np.array([[1.0, 2.0, np.nan]] * 2), "flush-hook": np.full((2, 3), np.nan)}
    data = CostMap(axis_of("softirq.interrupts_per_s"), axis_of("vcpu.residency_us"), x, y, costs)
    text = drawn(data)
    assert "  T=tracked, 67% of the map\n  .=none is stable, 33% of the map" in text
    rows = [line.partition("|")[2] for line in text.split("\n") if "|" in line]
    assert all(re.fullmatch(r"T+\.+", row) for row in rows)
    assert "none is stable" not in drawn(replace(data, costs={"tracked": np.ones((2, 3))}))


def test_no_letter_is_used_twice():
    found = re.findall(r"(\S)=([\w-]+)", plot(curves()))
    policies = [name for _, name in found if name in CORRECT]
    letters = [letter for letter, name in found if name in CORRECT]
    assert sorted(policies) == sorted(CORRECT)
    assert len(set(map(str.upper, letters))) == len(letters)
    assert {name for letter, name in found if letter.islower() and name in CORRECT} == set(WRONG)


FOUND = [
    Result("tracked", "analytic", {"switch_share": 0.0023411, "sojourn_mean_us": 1.8123}),
    Result(
        "busy-flag-live",
        "analytic",
        {"max_packets_per_s": 68965.5},
        status="unstable",
        reason="crypto without NEON serves at most 68965.5 packets/s",
    ),
    Result(
        "mine",
        "montecarlo",
        {"switch_share": 0.0023411, "sojourn_mean_us": 1.8123},
        {"switch_share": (0.0022, 0.0024), "sojourn_mean_us": (1.81225, 1.81235)},
    ),
]


def test_shares_are_in_percent_and_gaps_say_why():
    text = table(FOUND[:2], None, ["switch_share", "sojourn_mean_us", "max_packets_per_s"])
    rows = {line.split()[0]: line.split()[1:] for line in text.split("\n") if line.strip()}
    assert rows["tracked"] == ["0.2341", "1.812", "-"]
    assert rows["busy-flag-live"] == ["unstable", "-", "68966"]
    assert text.endswith(
        "busy-flag-live: unstable: crypto without NEON serves at most 68965.5\n  packets/s"
    )


def test_digits_end_where_the_interval_begins():
    text = table(FOUND, None, ["switch_share", "sojourn_mean_us"])
    (row,) = [line for line in text.split("\n") if line.startswith("mine")]
    assert row.split() == ["mine", "montecarlo", "0.23", "1.81230"]


def test_a_simulated_result_has_a_line_for_its_interval():
    text = table(FOUND, {"mine": True}, ["switch_share", "sojourn_mean_us", "max_packets_per_s"])
    lines = text.split("\n")
    (at,) = [i for i, line in enumerate(lines) if line.startswith("  +-")]
    assert lines[at - 1].startswith("mine montecarlo")
    assert lines[at].split() == ["+-", "0.014", "5e-5"]  # in percent; the wider side
    # right below the values
    assert lines[at].index("0.014") + len("0.014") == lines[at - 1].index("0.23") + len("0.23")
    assert text.count("\n+-: half of the 95% confidence interval, or its wider side") == 1
    assert "+-" not in table(FOUND[:2], None, MAIN)
    assert "\n  +-" not in table(FOUND, None, ["max_packets_per_s"])  # nothing to say in this block


def test_a_share_below_what_can_be_known_is_not_told_as_a_number():
    """Whatever JSON says of it."""
    tiny = [
        Result("tracked", "analytic", {"delayed_share": 3.5e-96, "saving": -1e-17}),
        Result("mine", "analytic", {"delayed_share": 2e-10, "saving": 0.0}),
    ]
    text = table(tiny, None, ["delayed_share", "saving"])
    rows = {line.split()[0]: line.split()[1:] for line in text.split("\n") if line.strip()}
    assert rows["tracked"] == ["<1e-8", ">-1e-8"]
    assert rows["mine"] == ["2e-8", "0"]
    assert "&lt;1e-8" in html(tiny, None, ["delayed_share"])
    assert tiny[0].to_dict()["metrics"]["delayed_share"] == 3.5e-96
    rare = [Result("tracked", "analytic", {"traps_per_s": 1e-30})]
    assert "1e-30" in table(rare, None, "traps_per_s")  # a rate has no such bound


def test_one_metric_is_as_good_as_a_list():
    assert table(FOUND, None, "switch_share") == table(FOUND, None, ["switch_share"])
    assert html(FOUND, None, "saving") == html(FOUND, None, ["saving"])
    for metrics in (3, [3], "sav", ["saving", None]):
        with pytest.raises(InputError, match="metric"):
            table(FOUND, None, metrics)


def test_the_verdict_stands_beside_the_first_metrics():
    text = table(FOUND[:2], {"tracked": True}, MAIN)
    assert [line.split()[-1] for line in text.split("\n")[4:6]] == ["kept", "-"]
    assert "LOST" in table(FOUND[:1], {"tracked": False}, MAIN)


def test_what_decides_fits_one_block():
    found = [Result(name, "analytic", dict.fromkeys(METRICS, 0.012345)) for name in CORRECT]
    assert "\n\n" not in table(found, CORRECT, MAIN)


def test_a_reason_shared_by_all_is_told_once():
    found = [
        Result(name, "analytic", {}, reason="durations are taken as exponential")
        for name in ("tracked", "mine")
    ]
    assert table(found, None, MAIN).count("durations are taken as exponential") == 1


def test_every_metric_has_a_column():
    assert set(COLUMNS) == set(METRICS)
    with pytest.raises(InputError, match="no metric is called 'speed'"):
        table(FOUND, None, ["speed"])


@MANY
@given(st.lists(st.from_regex(r"\A[a-z0-9_./=-]{1,30}\Z"), min_size=1, max_size=30))
def test_a_wrapped_command_is_the_same_command(words):
    lines = command(" ".join(words))
    assert all(len(line) <= 72 for line in lines)
    assert all(line.endswith(" \\") for line in lines[:-1])
    assert "".join(line.removesuffix("\\") for line in lines).split() == words


def test_quotes_are_not_broken():
    assert command("echo 'a b c d e f g' x", 20) == ["echo \\", "  'a b c d e f g' x"]


def test_a_reply_tells_it_all():
    scenario = preset("cortex-a57-ipsec").replace({"vcpu.residency_us": 500.0})
    text = reply(
        "What it costs",
        command_line="fpsimd-model reply gateway.toml --policy tracked --policy defer-to-put "
        "--policy switch-on-exit",
        scenario=scenario,
        curves=curves(["tracked", "defer-to-put"]),
        results=FOUND[:1],
        verdicts=check("tracked", "defer-to-put"),
        version="0.1.0",
        seed=7,
    )
    assert is_plain(text)
    for part in (
        "What it costs\n(fpsimd_model 0.1.0, seed 7)\n",
        "\n    fpsimd-model".replace("    ", "  ") + " reply gateway.toml",
        '\n  machine.preset = "cortex-a57"\n',
        "\n  vcpu.residency_us = 500.0\n",
        "CPU time in register moves and FP traps [%]",
        "\ntracked  0.2341",
        "\ndefer-to-put LOSES STATE: the guest loses its registers",
        "\n   1. vcpu_load\n",
        "\nNo order of events loses state: tracked.",
    ):
        assert part in text, part
    assert "clock_ghz" not in text


def test_only_what_differs_is_listed_and_makes_the_scenario_again():
    assert differences(Scenario()) == []
    for name in ("cortex-a57-ipsec", "wifi-ap-ccmp", "vm-idle"):
        scenario = preset(name)
        assert Scenario().replace(dict(differences(scenario))) == scenario


def test_long_samples_are_counted_not_printed():
    samples = {"shape": "empirical", "samples": [float(i) for i in range(1, 100)]}
    text = reply("x", scenario=Scenario().replace({"vcpu.out_us": samples}))
    assert 'samples = "99 values"' in " ".join(text.split())
    assert is_plain(text)


@MANY
@given(results())
def test_html_has_every_value_and_no_foreign_markup(found):
    text = html(found, {r.policy: False for r in found})
    assert text.count("<tr") == 1 + len(found)
    assert text.count("<s>") == len(found)
    rest = re.sub(r"</?(div|table|thead|tbody|tr|th|td|br|small|s|i|span)\b[^<>]*>", "", text)
    assert "<" not in rest
    assert ">" not in rest


def test_html_shows_interval_and_meaning():
    text = html(FOUND, {"tracked": True})
    assert 'title="95%: 0.22 to 0.24"' in text
    assert METRICS["switch_share"].meaning in text
    assert "<i>unstable</i>" in text


def test_a_line_shared_by_all_speaks_of_no_others():
    """Both in letters and in the picture; with others it says how many share it."""
    some = ["tracked", "switch-on-exit", "defer-to-put"]
    for names, said in ((some, "all 3: NEON always"), (some[:2], "both: NEON always"),
                        ([*some, "busy-flag-live"], "all 3 others: NEON always")):  # fmt: skip
        assert f"*={said}" in plot(curves(names), "crypto_slowdown")
        picture = costs(curves(names))
        (text,) = [e.text for e in picture._drawn[1].entries() if e.policy == ""]
        assert text == said
