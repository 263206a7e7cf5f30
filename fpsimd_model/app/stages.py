"""Redraws that follow a moving slider: the newest state wins, fine work waits for rest."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter

__all__ = ["Stage", "Stages"]

# Between stages: the thread that sends what was drawn wants the interpreter for itself.
BREATH_S = 0.008


@dataclass(frozen=True)
class Stage:
    """Something to redraw, so many seconds after the last change.

    Work that gives an iterator is done step by step, until something changes.  A stage that has
    not had its turn for `starved_s` seconds is not put off any longer: it shows the newest state.
    """

    work: Callable[[], Iterator[None] | None]
    after_s: float = 0.0
    starved_s: float = math.inf


class Stages:
    """Runs its stages in order after each change; a newer change starts over.

    Observers call :meth:`mark`, which does no work; one task does it all, so that stale values
    never queue.  Without a running event loop (a script, a test) the stages run at once.

    Parameters
    ----------
    stages:
        In order; those left are skipped when something has changed since, or when one fails.
    failed:
        Told of every exception: nobody would see one in a task.
    """

    def __init__(self, stages: Sequence[Stage], failed: Callable[[Exception], None]) -> None:
        self.stages, self.failed = tuple(stages), failed
        self.marks = 0
        self.cost_s = 0.0  # of the slowest stage of late
        self._task: asyncio.Task[None] | None = None
        self._event: asyncio.Event | None = None
        self._last = 0.0

    def mark(self) -> None:
        """Something has changed."""
        self.marks += 1
        self._last = perf_counter()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.run()
            return
        if self._task is None or self._task.done():
            self._event = asyncio.Event()
            self._task = loop.create_task(self._run())
        self._event.set()

    def run(self) -> None:
        """All stages at once, up to one that fails."""
        all(map(self._all, self.stages))

    @property
    def at_rest(self) -> bool:
        """Nothing is left to do."""
        return self._task is None or self._task.done()

    async def settled(self) -> None:
        """Return when nothing has moved for a while.

        A button's click overtakes the last value of a slider, which waits for its turn in the
        browser: so look again after some multiple of what a redraw takes.
        """
        seen = -1
        while seen != self.marks or not self.at_rest:
            seen = self.marks
            await asyncio.sleep(max(0.15, 3.0 * self.cost_s))

    async def _run(self) -> None:
        began = dict.fromkeys(self.stages, perf_counter())
        while True:
            mark = self.marks
            for stage in self.stages:
                newer = await self._newer(mark, stage)
                if newer and perf_counter() - began[stage] < stage.starved_s:
                    break
                began[stage] = perf_counter()
                if not await self._work(mark, stage) or newer:
                    break
            if self.marks == mark:
                return

    async def _work(self, mark: int, stage: Stage) -> bool:
        """Whether a stage was done to its end."""
        ok, steps = self._do(stage.work)
        while ok and isinstance(steps, Iterator):
            await asyncio.sleep(0)
            if self.marks != mark:
                return False
            ok, more = self._do(partial(next, steps, _END))
            if more is _END:
                break
        return ok

    async def _newer(self, mark: int, stage: Stage) -> bool:
        """Wait until it is time for a stage; True as soon as something changes."""
        start = perf_counter() + (BREATH_S if stage is not self.stages[0] else 0.0)
        await asyncio.sleep(0)  # what has arrived comes first
        while self.marks == mark:
            left = max(self._last + stage.after_s, start) - perf_counter()
            if left <= 0:
                return False
            self._event.clear()
            try:
                await asyncio.wait_for(self._event.wait(), left)
            except TimeoutError:
                return False
        return True

    def _all(self, stage: Stage) -> bool:
        """A stage to its end, at once."""
        ok, steps = self._do(stage.work)
        return ok and (not isinstance(steps, Iterator) or self._do(partial(deque, steps, 0))[0])

    def _do(self, work: Callable[[], object]) -> tuple[bool, object]:
        """Whether it went well, and what came of it."""
        start = perf_counter()
        try:
            return True, work()
        except Exception as error:
            self.failed(error)
            return False, None
        finally:
            self.cost_s = max(perf_counter() - start, 0.7 * self.cost_s)


_END = object()
