"""HTTP servers on this machine, for tests: what they answer is up to a function."""

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LONGEST_WAIT_S = 30.0
LONGEST_DRIP = 300


@dataclass
class Exchange:
    """One request that arrived, and the means to answer it."""

    handler: BaseHTTPRequestHandler
    server: "Server"
    number: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)

    def text(self, status: int, text: str | bytes, **headers: str) -> None:
        content = text if isinstance(text, bytes) else text.encode()
        self.handler.send_response(status)
        self.handler.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.end_headers()
        self.handler.wfile.write(content)

    def json(self, status: int, data: Any, **headers: str) -> None:
        self.text(status, json.dumps(data), Content_Type="application/json", **headers)

    def say(self, text: str | None, **more: Any) -> None:
        self.json(200, saying(text, **more))

    def reset(self) -> None:
        """Break the connection off, so that the other side sees a reset."""
        linger = struct.pack("ii", 1, 0)
        self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        # Both files hold the socket open.
        self.handler.rfile.close()
        self.handler.wfile.close()
        self.handler.connection.close()
        self.handler.close_connection = True

    def hang_up(self, sent: bytes = b"") -> None:
        """Send a part of what was announced, and close."""
        self.handler.wfile.write(sent)
        self.handler.close_connection = True

    def drip(self) -> None:
        """Announce a long answer, and send it byte by byte until the other side has enough."""
        self.handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        with contextlib.suppress(OSError):
            for _ in range(LONGEST_DRIP):
                self.handler.wfile.write(b" ")
                if self.server.closing.wait(0.02):
                    break
        self.handler.close_connection = True

    def keep_silent(self) -> None:
        self.server.closing.wait(LONGEST_WAIT_S)
        self.handler.close_connection = True


Behave = Callable[[Exchange], None]


def saying(text: str | None, *, finish: str = "stop", **more: Any) -> dict[str, Any]:
    """A chat completion."""
    message = {"role": "assistant", "content": text, **more}
    return {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3},
    }


def error(message: str, code: str | int | None = None, kind: str = "") -> dict[str, Any]:
    return {"error": {"message": message, "code": code, "type": kind}}


class Server:
    """A server that keeps what it was asked."""

    def __init__(
        self,
        behave: Behave,
        models: tuple[str, ...] = ("model",),
        listing: Behave | None = None,
    ) -> None:
        self.behave = behave
        self.listing = listing
        self.models = models
        self.seen: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.connections = 0
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> "Server":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def note(self, body: Any, headers: Mapping[str, str]) -> int:
        with self._lock:
            self.seen.append(body)
            self.headers.append({name.lower(): value for name, value in headers.items()})
            return len(self.seen)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = LONGEST_WAIT_S

            def setup(self) -> None:
                server.connections += 1
                super().setup()

            def handle(self) -> None:
                with contextlib.suppress(OSError, ValueError):
                    super().handle()

            def finish(self) -> None:
                with contextlib.suppress(OSError, ValueError):
                    super().finish()

            def do_GET(self) -> None:
                exchange = Exchange(self, server, 0, None)
                if server.listing is not None:
                    server.listing(exchange)
                else:
                    exchange.json(200, {"data": [{"id": name} for name in server.models]})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                number = server.note(body, self.headers)
                server.behave(Exchange(self, server, number, body, dict(self.headers)))

            def log_message(self, *_: object) -> None:
                return None

        return Handler


@contextlib.contextmanager
def closed_port() -> Iterator[str]:
    """The address of a port at which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}/v1"
