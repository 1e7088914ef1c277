"""An OpenAI-compatible chat server on the loopback interface, for tests that want litellm's real HTTP path.

A script says how it answers: one ``Response`` for every request, a list that is used up one by one, or a callable
that is handed the request and its index. ``LoopbackServer.requests`` holds what arrived; a key is only compared,
never shown.
"""

from __future__ import annotations

import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

KEY_HEADERS = frozenset({"authorization", "api-key", "x-api-key"})
MODEL = "test-model"


@dataclass(frozen=True)
class Response:
    """One canned answer.

    Attributes:
        body: the bytes to send.
        status: HTTP status code.
        headers: beside Content-Type and Content-Length.
        delay_s: wait before answering; ends early when the server closes.
        cut: send only half the body, then close the connection.
    """

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    cut: bool = False


Script = Response | Sequence[Response] | Callable[[dict[str, Any], int], Response]


@dataclass(frozen=True)
class Request:
    """One request as it arrived.

    Attributes:
        path: for example ``/v1/chat/completions``.
        headers: names in lower case; the value of a key header reads ``[present]``.
        body: the parsed JSON body.
        at: ``time.monotonic()`` on arrival.
    """

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float
    _key: str = field(default="", repr=False)

    @property
    def has_key(self) -> bool:
        """True when any key header arrived."""
        return bool(self._key)

    def key_is(self, expected: str) -> bool:
        """Whether the key that arrived is ``expected`` (without ``Bearer``)."""
        return hmac.compare_digest(self._key.encode(), expected.encode())


def _json(body: object, status: int = 200, **headers: str) -> Response:
    return Response(json.dumps(body).encode(), status, headers)


def completion(
    message: Mapping[str, Any], finish_reason: str = "stop", usage: Mapping[str, Any] | None = None, model: str = MODEL
) -> Response:
    """A whole answer around any assistant message. ``usage={}`` leaves the token counts out."""
    if usage is None:
        usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    body: dict[str, Any] = {
        "id": "chatcmpl-loopback",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish_reason}],
    }
    if usage:
        body["usage"] = dict(usage)
    return _json(body)


def text(content: str, usage: Mapping[str, Any] | None = None) -> Response:
    """Plain text."""
    return completion({"content": content}, usage=usage)


def tool_call(name: str, arguments: Mapping[str, Any] | str, call_id: str = "call_1") -> dict[str, Any]:
    """One entry for ``tool_calls``; a string of arguments is sent as it stands."""
    sent = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": sent}}


def tool_calls(calls: Sequence[Mapping[str, Any]], content: str | None = None) -> Response:
    """Native tool calls, made with :func:`tool_call`."""
    return completion({"content": content, "tool_calls": list(calls)}, finish_reason="tool_calls")


def malformed_tool_json(
    name: str = "send_email", arguments: str = '{"to": "kyle@', call_id: str = "call_1"
) -> Response:
    """A tool call whose arguments are not JSON."""
    return tool_calls([tool_call(name, arguments, call_id)])


def refusal(words: str = "I can't help with that.") -> Response:
    """The provider's own refusal field, with no text."""
    return completion({"content": None, "refusal": words})


def reasoning(content: str, thought: str) -> Response:
    """Text with ``reasoning_content`` beside it, as vLLM and DeepSeek send it."""
    return completion({"content": content, "reasoning_content": thought})


def empty() -> Response:
    """Neither text nor tool calls."""
    return completion({"content": ""})


def length_cut(content: str = "The answer is") -> Response:
    """Text that stops at the token limit."""
    return completion({"content": content}, finish_reason="length")


def status(code: int, /, message: str = "", retry_after: str | float | None = None, **error: Any) -> Response:
    """An error answer; further keywords go into the ``error`` object (``code``, ``type`` ...)."""
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    body = {"error": {"message": message or f"loopback status {code}", "type": "loopback", "code": None, **error}}
    return _json(body, code, **headers)


def drop() -> Response:
    """The connection closes midway through the answer."""
    return Response(text("never arrives whole").body, cut=True)


def hang(seconds: float) -> Response:
    """Nothing for so long, then a normal answer."""
    return Response(text("too late").body, delay_s=seconds)


def garbage_body() -> Response:
    """Status 200 with a body that is not JSON."""
    return Response(b"<html><body>504 Gateway Time-out</body></html>", headers={"content-type": "text/html"})


def broken_json() -> Response:
    """Status 200, called JSON, and cut off inside."""
    return Response(b'{"id": "chatcmpl-1", "choices": [{"ind')


def no_choices() -> Response:
    """Status 200, valid JSON, an empty list of choices."""
    return _json({"id": "chatcmpl-loopback", "object": "chat.completion", "created": 1, "model": MODEL, "choices": []})


class LoopbackServer:
    """The server. Use it as a context manager; ``base_url`` is the ``api_base`` to configure.

    ``script`` may be replaced between requests; the index handed to a callable counts all requests since the start.
    A list that is used up answers 400 and says so, so a request too many cannot pass for a normal answer.
    """

    def __init__(self, script: Script | None = None) -> None:
        self.script: Script = script if script is not None else text("ok")
        self.requests: list[Request] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self._used = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._connections: set[socket.socket] = set()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def base_url(self) -> str:
        """For example ``http://127.0.0.1:40123/v1``."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The JSON bodies of all requests, in order."""
        return [request.body for request in self.requests]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        with self._lock:
            for connection in self._connections:
                _shut(connection)  # a kept-alive connection would keep its handler thread for ever
        self._server.server_close()
        self._thread.join(timeout=5)

    def _answer(self, request: Request) -> Response:
        with self._lock:
            index = len(self.requests)
            self.requests.append(request)
            script = self.script
            if isinstance(script, Response):
                return script
            if isinstance(script, Sequence):
                position, self._used = self._used, self._used + 1
                if position >= len(script):
                    return status(400, f"the loopback script has no answer for request {index}")
                return script[position]
        return script(request.body, index)

    def play(self, *responses: Response) -> None:
        """Answer with these from now on, one after the other."""
        with self._lock:
            self.script, self._used = list(responses), 0

    def _count(self, step: int) -> None:
        with self._lock:
            self.in_flight += step
            self.most_in_flight = max(self.most_in_flight, self.in_flight)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # joined on close, so no thread outlives its test

    def __init__(self, owner: LoopbackServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that go away are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        with self.server.owner._lock:
            self.server.owner._connections.add(self.connection)

    def finish(self) -> None:
        with self.server.owner._lock:
            self.server.owner._connections.discard(self.connection)
        super().finish()

    def do_POST(self) -> None:
        owner = self.server.owner
        owner._count(1)
        try:
            self._respond(owner)
        finally:
            owner._count(-1)

    def _respond(self, owner: LoopbackServer) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        key = next((headers[name] for name in sorted(KEY_HEADERS & headers.keys())), "")
        shown = {name: "[present]" if name in KEY_HEADERS else value for name, value in headers.items()}
        parsed = json.loads(body or b"{}")
        answer = owner._answer(Request(self.path, shown, parsed, time.monotonic(), key.removeprefix("Bearer ")))
        if answer.delay_s and owner._closing.wait(answer.delay_s):
            self.close_connection = True
            return
        sent = {"content-type": "application/json", **answer.headers, "content-length": str(len(answer.body))}
        head = f"HTTP/1.1 {answer.status} Loopback\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in sent.items()
        )
        payload = answer.body[: len(answer.body) // 2] if answer.cut else answer.body
        self.wfile.write(head.encode() + b"\r\n" + payload)
        if answer.cut:
            self.close_connection = True
            _shut(self.connection)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # already gone, which is what was wanted
