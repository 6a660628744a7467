"""Screens are told of what happens as it happens, whoever writes it, and go on where they stopped."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tests.web.contest.conftest import at_work, make_contest, open_papers
from tests.web.serving import serving

from vehiclenest.contest import Kind
from vehiclenest.contest.view import Reader, Role
from vehiclenest.web.contest import live as live_module
from vehiclenest.web.contest.hall import Hall
from vehiclenest.web.contest.live import Live, Screen

PUBLIC = Screen("papers", "all", Reader(Role.PUBLIC))


def run(work: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run in a thread of its own: a browser that other tests drive from this one has a loop here."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(work())).result()


async def next_event(stream: AsyncGenerator[bytes]) -> bytes:
    """Return the next message that is neither greeting nor sign of life."""
    while True:
        message = await asyncio.wait_for(anext(stream), 10)
        if message.startswith(b"id: "):
            return message


def test_a_screen_hears_of_another_process_and_goes_on_after_a_break(tmp_path: Path) -> None:
    async def watched() -> None:
        open_papers(make_contest(tmp_path))
        live = Live(Hall(tmp_path))
        async with live.following():
            stream = live.stream(PUBLIC, live.hall.seq)
            waiting = asyncio.create_task(next_event(stream))
            await asyncio.sleep(0.1)
            at_work(tmp_path).say(Kind.FROZEN, {"stage": "papers"})
            heard = await waiting
            assert heard.startswith(f"id: {live.hall.seq}\nevent: stage_frozen\n".encode())
            assert b"event: board\n" in heard
            await stream.aclose()
            assert await next_event(live.stream(PUBLIC, live.hall.seq - 1)) == heard

    run(watched)


def test_a_number_that_is_still_to_come_is_taken_for_the_last(tmp_path: Path) -> None:
    async def watched() -> None:
        open_papers(make_contest(tmp_path))
        live = Live(Hall(tmp_path))
        async with live.following():
            stream = live.stream(PUBLIC, 10**9)
            assert (await anext(stream)).startswith(b"retry: ")
            at_work(tmp_path).say(Kind.FROZEN, {"stage": "papers"})
            assert b"stage_frozen" in await next_event(stream)

    run(watched)


def test_a_silent_connection_is_kept_and_a_broken_line_does_not_end_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "_STILL_HERE_SECONDS", 0.1)

    async def watched() -> None:
        open_papers(make_contest(tmp_path))
        log = tmp_path / "log.jsonl"
        live = Live(Hall(tmp_path))
        async with live.following():
            stream = live.stream(PUBLIC, live.hall.seq)
            await anext(stream)
            whole = log.read_bytes()
            log.write_bytes(whole + b"{}\n")
            assert await anext(stream) == b": still here\n\n"
            log.write_bytes(whole)
            at_work(tmp_path).say(Kind.FROZEN, {"stage": "papers"})
            assert b"stage_frozen" in await next_event(stream)

    run(watched)


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_that_is_told_to_stop_does_not_wait_for_screens(tmp_path: Path, workers: str) -> None:
    contest = make_contest(tmp_path / "spring")
    open_papers(contest)
    with (
        serving(tmp_path, "--contest", str(contest), "--workers", workers) as served,
        httpx.stream("GET", f"{served.url}/contest/live?stage=papers&group=all&after=1000000", timeout=10) as screen,
    ):
        lines = screen.iter_lines()
        assert next(lines).startswith("retry: ")
        start = time.monotonic()
        served.process.terminate()
        served.process.wait(timeout=30)
        assert time.monotonic() - start < 4
        assert [line for line in lines if line] == []  # ended as a stream ends, not broken off
