"""An event loop in a thread of its own, so that a plain iterator can yield what tasks make.

What was made and paid for is safe only when the reader has kept it. A task can therefore wait until
the reader is done with an item, however long that takes.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Generic, TypeAlias, TypeVar

T = TypeVar("T")
Finish = Callable[[], Coroutine[Any, Any, None]]

_Entry: TypeAlias = "tuple[T, asyncio.Future[None] | None] | None"
"""An item with what waits until it is read; None at the end."""


class Outlet(Generic[T]):
    """Hands items to the reader of a stream, in their order. Belongs to the loop."""

    def __init__(self, entries: "SimpleQueue[_Entry[T]]") -> None:
        """Hand over by a queue."""
        self._entries = entries

    def put(self, item: T) -> None:
        """Hand over an item, and go on."""
        self._entries.put((item, None))

    async def deliver(self, item: T) -> None:
        """Hand over an item, and wait until the reader comes back for the next one.

        By then it is done with all that was handed over before, too.
        """
        read = asyncio.get_running_loop().create_future()
        self._entries.put((item, read))
        await read


class Loop:
    """Runs coroutines; its thread is started by the first of them.

    One thread at a time may call its methods; any number may read its streams and futures.
    """

    def __init__(self) -> None:
        """Start nothing yet."""
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()
        self._finish: Finish | None = None

    def stream(self, produce: Callable[[Outlet[T]], Coroutine[Any, Any, None]]) -> Iterator[T]:
        """What `produce`, which begins at once, hands over; then whatever it raises.

        An iterator that is closed early cancels it. If the loop is closed meanwhile, it ends
        with concurrent.futures.CancelledError.
        """
        entries: SimpleQueue[_Entry[T]] = SimpleQueue()
        done = asyncio.run_coroutine_threadsafe(produce(Outlet(entries)), self._running())
        done.add_done_callback(lambda _: entries.put(None))
        return _drained(entries, done)

    def start(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """A coroutine that begins at once; its future is cancelled if the loop is closed."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._running())

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine."""
        return self.start(coroutine).result()

    def close(self, finish: Finish | None = None) -> None:
        """Cancel what still runs, run `finish`, and end the thread."""
        if self._thread is not None and self._loop is not None:
            self._finish = finish
            self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join()
            self._thread = self._loop = None
            self._ended = asyncio.Event()

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            started = threading.Event()
            self._thread = threading.Thread(
                target=lambda: asyncio.run(self._main(started)), name="endpoint", daemon=True
            )
            self._thread.start()
            started.wait()
        assert self._loop is not None
        return self._loop

    async def _main(self, started: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        started.set()
        await self._ended.wait()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._finish is not None:
            await self._finish()


def _drained(entries: "SimpleQueue[_Entry[T]]", done: Future[None]) -> Iterator[T]:
    try:
        while (entry := entries.get()) is not None:
            item, read = entry
            yield item
            if read is not None:
                with suppress(RuntimeError):  # the loop was closed, and with it what waited
                    read.get_loop().call_soon_threadsafe(_wake, read)
        done.result()
    finally:
        done.cancel()


def _wake(read: asyncio.Future[None]) -> None:
    if not read.done():  # cancelled
        read.set_result(None)
