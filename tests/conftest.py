"""What every test gets: no network but loopback, an environment of its own, and a loopback model server."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.loopback import LoopbackServer

_LEAKS = re.compile(r"(?:_API_KEY|_API_BASE|_BASE_URL|_PROXY)\Z", re.IGNORECASE)


def _is_local(host: object) -> bool:
    if not isinstance(host, str | bytes):
        return host is None
    name = host.decode() if isinstance(host, bytes) else host
    if name in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse(host: object) -> None:
    # Not an OSError: code under test would take that for a network fault and carry on.
    pytest.fail(f"a test tried to reach {host!r}; only loopback is allowed", pytrace=True)


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Block sockets that leave the machine; keep keys, endpoints and the user's data folder out of the test."""
    connect, connect_ex, lookup = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def checked(sock: socket.socket, address: Any) -> None:
        if sock.family != getattr(socket, "AF_UNIX", None) and not _is_local(address[0]):
            _refuse(address[0])

    def local_connect(sock: socket.socket, address: Any) -> None:
        checked(sock, address)
        connect(sock, address)

    def local_connect_ex(sock: socket.socket, address: Any) -> int:
        checked(sock, address)
        return connect_ex(sock, address)

    def local_lookup(host: Any, *rest: Any, **more: Any) -> Any:
        if not _is_local(host):
            _refuse(host)
        return lookup(host, *rest, **more)

    monkeypatch.setattr(socket.socket, "connect", local_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", local_connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", local_lookup)
    for name in [name for name in os.environ if _LEAKS.search(name)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data-home"))
    monkeypatch.setenv("INSIDER_AUDIT_DB", f"sqlite:///{tmp_path / 'audit.db'}")


@pytest.fixture
def loopback() -> Iterator[LoopbackServer]:
    """A running server that answers "ok" until told otherwise."""
    with LoopbackServer() as server:
        yield server
