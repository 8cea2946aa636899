"""An event loop in a thread of its own, so that a plain iterator can yield what tasks make."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
Put = Callable[[T], None]
Finish = Callable[[], Coroutine[Any, Any, None]]
_END = object()


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

    def stream(self, produce: Callable[[Put[T]], Coroutine[Any, Any, None]]) -> Iterator[T]:
        """What `produce`, which begins at once, puts; then whatever it raises.

        An iterator that is closed early cancels it. If the loop is closed meanwhile, it ends
        with concurrent.futures.CancelledError.
        """
        items: SimpleQueue[Any] = SimpleQueue()
        done = asyncio.run_coroutine_threadsafe(produce(items.put), self._running())
        done.add_done_callback(lambda _: items.put(_END))
        return _drained(items, done)

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


def _drained(items: SimpleQueue[Any], done: Future[None]) -> Iterator[Any]:
    try:
        while (item := items.get()) is not _END:
            yield item
        done.result()
    finally:
        done.cancel()
