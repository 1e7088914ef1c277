"""HTML to PDF. WeasyPrint may fetch nothing: only ``data:`` addresses inside the document are read."""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

from audit.errors import UsageError

VARIANT = "pdf/ua-1"
"""Tagged, with language and title, as PDF/UA-1 asks for. It is the intended profile: no validator has run on it."""

_LOG = logging.getLogger(__name__)
_LOGGERS = ("weasyprint", "weasyprint.progress", "fontTools")
# Handlers of a logger belong to the whole process.
_LOCK = threading.Lock()


class Rendered(NamedTuple):
    """A PDF, and what WeasyPrint had to say while it was made (empty when all is well)."""

    data: bytes
    messages: tuple[str, ...]


def render_pdf(html: str) -> Rendered:
    """Turn a document into a tagged PDF.

    Args:
        html: A complete document. Addresses in it that are not ``data:`` are not fetched; they end up in ``messages``.

    Returns:
        The file's bytes: the same for the same document, whenever it is made and whatever ``SOURCE_DATE_EPOCH`` says.

    Raises:
        UsageError: Pango or another system library is missing; the message holds the command that installs it.
    """
    weasyprint = _weasyprint()
    from weasyprint.urls import URLFetcher

    with _LOCK, _captured() as messages:
        document = weasyprint.HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=("data",)))
        data = document.write_pdf(
            pdf_variant=VARIANT,
            # In place of a random number.
            pdf_identifier=hashlib.sha256(html.encode()).hexdigest()[:32].encode(),
        )
    if missing := len({message for message in messages if ".notdef glyph" in message}):
        _LOG.warning(
            "no font on this machine has %s of the report's characters; they are boxes in the PDF. Install a font that "
            "has them (on Debian or Ubuntu: fonts-noto), or ask for html",
            missing,
        )
    return Rendered(data, tuple(messages))


def _weasyprint() -> Any:
    # On a failed import it explains itself on the terminal; the error below says it shorter.
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            import weasyprint
    except OSError as error:
        raise UsageError(f"a PDF needs the library Pango, which this machine lacks; {_remedy()}") from error
    return weasyprint


def _remedy(platform: str = sys.platform) -> str:
    if platform == "darwin":
        return "type: brew install pango harfbuzz"
    if platform == "win32":
        return "install MSYS2 and type in its shell: pacman -S mingw-w64-x86_64-pango"
    debian = "sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
    return f"on Debian or Ubuntu type: {debian} (elsewhere install the package pango), or ask for html or json instead"


class _Collector(logging.Handler):
    def __init__(self, messages: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextlib.contextmanager
def _captured() -> Iterator[list[str]]:
    """Collect what WeasyPrint and fontTools log at WARNING and above; nothing of it reaches the terminal."""
    messages: list[str] = []
    collector = _Collector(messages)
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [(logger, logger.handlers[:], logger.propagate) for logger in loggers]
    try:
        for logger in loggers:
            logger.handlers = [collector]
            logger.propagate = False
        yield messages
    finally:
        for logger, handlers, propagate in before:
            logger.handlers = handlers
            logger.propagate = propagate
