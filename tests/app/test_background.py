from __future__ import annotations

import asyncio
import threading

import pytest

from fpsimd_model.app.background import Background


async def until(true) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.001)


class Told:
    """Who is told what of a piece of work."""

    def __init__(self) -> None:
        self.done, self.failed, self.cancelled = [], [], []

    def start(self, background: Background, work) -> None:
        background.start(
            work, self.done.append, self.failed.append, lambda: self.cancelled.append(True)
        )


def test_work_is_done_beside_the_loop_and_its_end_is_told_by_the_loop():
    async def run():
        background, told, where = Background("x"), Told(), []
        told.start(background, lambda tell: where.append(threading.current_thread()) or 7)
        assert background.running
        assert not background.stop.disabled
        await until(lambda: not background.running)
        return told, where, background

    told, (thread,), background = asyncio.run(run())
    assert told.done == [7]
    assert told.failed == []
    assert thread is not threading.main_thread()
    assert thread.daemon
    assert background.stop.disabled
    assert "fm-idle" in background.widget._dom_classes


def test_progress_is_shown_while_it_goes_on():
    async def run():
        background, told, go = Background("x"), Told(), threading.Event()

        def work(tell):
            for i in range(1000):
                tell(i / 2000, f"<{i}>")
            go.wait(20)

        told.start(background, work)
        await until(lambda: background.bar.value == 999 / 2000)
        assert background.words.value == "&lt;999&gt;"
        go.set()
        await until(lambda: not background.running)
        return background.bar.value

    assert asyncio.run(run()) == 0.0


def test_cancelled_work_stops_and_is_not_told_of():
    async def run():
        background, told, ended = Background("x"), Told(), threading.Event()

        def work(tell):
            try:
                while True:
                    tell(0.5, "at it")
            finally:
                ended.set()

        told.start(background, work)
        await until(lambda: background.bar.value == 0.5)
        background.stop.click()
        assert not background.running
        assert background.words.value == "cancelled"
        await until(ended.is_set)
        await asyncio.sleep(0.01)
        return told, background.words.value

    told, words = asyncio.run(run())
    assert (told.done, told.failed, told.cancelled) == ([], [], [True])
    assert words == "cancelled"


def test_the_newest_work_wins():
    async def run():
        background, told, go = Background("x"), Told(), threading.Event()
        told.start(background, lambda tell: go.wait(20) and "old")
        told.start(background, lambda tell: "new")
        await until(lambda: not background.running)
        go.set()
        await asyncio.sleep(0.05)
        return told

    told = asyncio.run(run())
    assert told.done == ["new"]
    assert told.cancelled == []


@pytest.mark.parametrize("looped", [True, False])
def test_what_work_raises_is_told(looped):
    background, told = Background("x"), Told()

    def work(tell):
        raise ValueError("the moon is full")

    async def run():
        told.start(background, work)
        await until(lambda: not background.running)

    if looped:
        asyncio.run(run())
    else:
        told.start(background, work)
    assert [str(error) for error in told.failed] == ["the moon is full"]
    assert not background.running
