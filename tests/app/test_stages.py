from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from fpsimd_model.app.stages import Stage, Stages


class Watched:
    """Stages that write down what they saw."""

    def __init__(self, *delays: float, fails: set[int] = frozenset()) -> None:
        self.value, self.seen, self.errors, self.fails = 0, [], [], fails
        self.stages = Stages(
            [Stage(lambda i=i: self.do(i), delay) for i, delay in enumerate(delays)],
            self.errors.append,
        )

    def do(self, stage: int) -> None:
        if stage in self.fails:
            raise ValueError(f"stage {stage}")
        self.seen.append((stage, self.value))

    def change(self, value: int) -> None:
        self.value = value
        self.stages.mark()


async def rest(stages: Stages) -> None:
    while not stages.at_rest:
        await asyncio.sleep(0.001)


def test_without_a_loop_all_is_done_at_once():
    watched = Watched(0.0, 10.0)
    watched.change(7)
    assert watched.seen == [(0, 7), (1, 7)]


def test_many_changes_are_drawn_once_and_the_newest_wins():
    async def run():
        watched = Watched(0.0, 0.02)
        for value in range(100):
            watched.change(value)
        assert watched.seen == []  # observers only mark
        await rest(watched.stages)
        return watched.seen

    assert asyncio.run(run()) == [(0, 99), (1, 99)]


def test_a_change_between_stages_starts_over():
    async def run():
        watched = Watched(0.0, 0.05, 0.05)
        watched.change(1)
        while not watched.seen:
            await asyncio.sleep(0)
        watched.change(2)
        await rest(watched.stages)
        return watched.seen

    assert asyncio.run(run()) == [(0, 1), (0, 2), (1, 2), (2, 2)]


def test_a_change_from_within_a_stage_is_not_lost():
    async def run():
        watched = Watched(0.0, 0.01)
        before = watched.do
        watched.do = lambda stage: (
            before(stage),
            watched.change(5) if stage == 1 and watched.value != 5 else None,
        )
        watched.change(1)
        await rest(watched.stages)
        return watched.seen

    assert asyncio.run(run()) == [(0, 1), (1, 1), (0, 5), (1, 5)]


def test_fine_work_waits_for_rest():
    async def run():
        loop = asyncio.get_running_loop()
        watched = Watched(0.0, 0.1)
        start = loop.time()
        watched.change(1)
        await rest(watched.stages)
        return loop.time() - start

    assert asyncio.run(run()) >= 0.099


@pytest.mark.parametrize("inside", [True, False])
def test_an_error_is_told_and_ends_the_round(inside):
    watched = Watched(0.0, 0.0, 0.0, fails={1})

    async def run():
        watched.change(3)
        await rest(watched.stages)

    asyncio.run(run()) if inside else watched.change(3)
    assert [str(error) for error in watched.errors] == ["stage 1"]
    assert watched.seen == [(0, 3)]


def test_after_an_error_the_next_change_is_drawn():
    async def run():
        watched = Watched(0.0, 0.0, fails={0})
        watched.change(1)
        await rest(watched.stages)
        watched.fails = set()
        watched.change(2)
        await rest(watched.stages)
        return watched.seen

    assert asyncio.run(run()) == [(0, 2), (1, 2)]


def test_settled_outlasts_a_value_that_comes_late():
    """A click overtakes the slider's last value by the time that a redraw takes."""

    async def run():
        watched = Watched(0.0, 0.01)
        watched.stages.cost_s = 0.1
        watched.change(1)
        late = asyncio.get_running_loop().call_later(0.2, watched.change, 2)
        await watched.stages.settled()
        late.cancel()
        return watched.value, watched.seen[-1], watched.stages.at_rest

    assert asyncio.run(run()) == (2, (1, 2), True)


def test_a_stage_that_starves_gets_its_turn_with_the_newest_value():
    """A slider that does not stop leaves no time between its values."""

    async def run():
        watched = Watched(0.0, 0.0, 0.0)
        follow, tell, late = watched.stages.stages
        watched.stages.stages = (follow, replace(tell, starved_s=0.05), late)
        loop = asyncio.get_running_loop()
        end = loop.time() + 0.5
        while loop.time() < end:
            watched.change(watched.value + 1)
            await asyncio.sleep(0.001)
        moving = list(watched.seen)
        await rest(watched.stages)
        return moving, watched.seen, watched.value

    moving, seen, last = asyncio.run(run())
    followed, told, late = ([v for stage, v in moving if stage == n] for n in range(3))
    assert 2 <= len(told) <= len(followed) / 4  # now and then, not with every value
    assert told == sorted(set(told))
    assert late == []
    assert seen[-3:] == [(0, last), (1, last), (2, last)]


def test_work_in_steps_is_dropped_when_something_changes():
    async def run():
        watched, steps = Watched(0.0), []

        def work():
            value = watched.value
            for i in range(5):
                steps.append((value, i))
                if (value, i) == (1, 2):
                    watched.change(2)
                yield

        watched.stages = Stages([Stage(work)], watched.errors.append)
        watched.change(1)
        await rest(watched.stages)
        return steps

    assert asyncio.run(run()) == [(1, 0), (1, 1), (1, 2), *((2, i) for i in range(5))]


def test_what_a_step_raises_is_told_and_later_stages_wait():
    def work():
        yield
        raise ValueError("the moon is full")

    async def run(looped):
        errors, seen = [], []
        stages = Stages([Stage(work), Stage(lambda: seen.append(1))], errors.append)
        if looped:
            stages.mark()
            await rest(stages)
        else:
            stages.run()
        return [str(error) for error in errors], seen

    for looped in (True, False):
        assert asyncio.run(run(looped)) == (["the moon is full"], [])
