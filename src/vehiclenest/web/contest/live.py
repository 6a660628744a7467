"""Server-sent events: each event of the log once to each screen that may see it, and the board as it stands after it.

A screen says the last number that it saw (`Last-Event-ID`, which browsers send by themselves when they connect again) and is sent what came
after. What several screens of the same kind are sent is put together once.
"""

import asyncio
import signal
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Final

import orjson
from litestar.concurrency import sync_to_thread

from vehiclenest.contest.view import Reader, visible
from vehiclenest.core.errors import VehicleNestError
from vehiclenest.web.contest.board import board
from vehiclenest.web.contest.hall import Hall
from vehiclenest.web.observe import log

_LOOK_SECONDS: Final = 0.02  # how often the size of the log is asked for
_STILL_HERE_SECONDS: Final = 15.0  # so that proxies keep a silent connection
_AGAIN_MILLISECONDS: Final = 1000


@dataclass(frozen=True, slots=True)
class Screen:
    """What a screen shows, and to whom."""

    stage: str
    group: str
    reader: Reader


class Live:
    """Tells screens what happens in a contest. `following` has to run meanwhile."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self._told: int = hall.seq
        self._changed = asyncio.Event()
        self._over = False
        self._ready: dict[tuple[Screen, int, int], asyncio.Task[bytes]] = {}

    @asynccontextmanager
    async def following(self) -> AsyncGenerator[None]:
        """Follow the log; a line that breaks it is logged, and screens go on with what is sound."""
        task = asyncio.create_task(self._follow())
        try:
            with _told_to_stop(self.end):
                yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def end(self) -> None:
        """End all streams, so that a server that was told to stop need not wait for screens; they connect again to the next one."""
        self._over = True
        self._changed.set()

    async def _follow(self) -> None:
        broken = ""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if self.hall.has_news():
                try:
                    await sync_to_thread(self.hall.catch_up)
                except VehicleNestError as error:
                    if str(error) != broken:
                        log().error("contest", fault=(broken := str(error)))
            if self.hall.seq != self._told:
                self._told = self.hall.seq
                self._ready.clear()
                changed, self._changed = self._changed, asyncio.Event()
                changed.set()

    async def stream(self, screen: Screen, after: int) -> AsyncGenerator[bytes]:
        """Yield what a screen is sent, from the event after a number on."""
        position = min(max(0, after), self._told)
        yield f"retry: {_AGAIN_MILLISECONDS}\n\n".encode()
        while not self._over:
            changed, until = self._changed, self._told
            if until > position:
                yield await self._news(screen, position, until)
                position = until
                continue
            try:
                await asyncio.wait_for(changed.wait(), _STILL_HERE_SECONDS)
            except TimeoutError:
                yield b": still here\n\n"

    async def _news(self, screen: Screen, after: int, until: int) -> bytes:
        key = (screen, after, until)
        task = self._ready.get(key)
        if task is None:
            task = self._ready[key] = asyncio.create_task(sync_to_thread(news, self.hall, screen, after, until))
        return await asyncio.shield(task)


@contextmanager
def _told_to_stop(then: Callable[[], None]) -> Generator[None]:
    """Call `then` as soon as this process is told to stop; the server itself only hears of it when its connections are closed."""
    if threading.current_thread() is not threading.main_thread():  # signals are for the main thread alone
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def heard(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(then)
        if callable(handler := before[signal.Signals(number)]):
            handler(number, frame)

    for number in before:
        signal.signal(number, heard)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def news(hall: Hall, screen: Screen, after: int, until: int) -> bytes:
    """Return the messages about the events after one number up to another that a screen may see, and then the board."""
    parts: list[bytes] = []
    concerned = False
    with hall.reading() as state:
        for event in hall.after(after)[: until - after]:
            seen = visible(event, state, screen.reader)
            if seen is None:
                continue
            concerned = concerned or seen["data"].get("stage", screen.stage) == screen.stage
            parts.append(_message(seen["kind"], {"seq": event.seq, "time": event.received, **seen}, event.seq))
        if concerned:
            parts.append(_message("board", board(state, screen.stage, screen.group, screen.reader)))
    return b"".join(parts) or b": nothing for this screen\n\n"


def _message(name: str, data: object, number: int | None = None) -> bytes:
    identity = "" if number is None else f"id: {number}\n"
    return f"{identity}event: {name}\ndata: ".encode() + orjson.dumps(data) + b"\n\n"
