from __future__ import annotations

import base64
import io
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from audit.errors import UsageError
from audit.reporting import pdf as module
from audit.reporting.html import CONTENTS, SIMULATED, render_html
from audit.reporting.pdf import Rendered, render_pdf
from tests.loopback import LoopbackServer
from tests.reporting.extreme_results import extreme
from tests.reporting.rendered import html, pdf

PAGES = {"simulated": (14, 24), "real": (14, 24), "empty": (7, 12)}


def opened(name: str) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(pdf(name).data))


def everything(document: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    for entry in document.objects:
        if isinstance(entry, pikepdf.Dictionary | pikepdf.Stream):
            yield entry


def page_texts(name: str) -> list[str]:
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("pdftotext (poppler) is not installed, so the text of pages cannot be read")
    done = subprocess.run([tool, "-layout", "-", "-"], input=pdf(name).data, capture_output=True, check=True)
    return done.stdout.decode().split("\f")[:-1]


@pytest.mark.parametrize("name", PAGES)
def test_it_is_tagged_and_has_language_title_and_bookmarks(name: str) -> None:
    document = opened(name)
    root: Any = document.Root
    assert root.MarkInfo.Marked
    assert "/StructTreeRoot" in root
    assert root.Lang == "en-GB"
    assert root.ViewerPreferences.DisplayDocTitle
    assert str(document.docinfo["/Title"]).startswith("AI agent insider-risk audit: ")
    assert str(document.docinfo["/Author"]).startswith("insider-audit")
    assert str(document.docinfo["/Subject"]).startswith("AI agent insider-risk audit, run ")
    with document.open_metadata() as metadata:
        assert metadata["{http://www.aiim.org/pdfua/ns/id/}part"] == "1"
    with document.open_outline() as outline:
        titles = [entry.title for top in outline.root for entry in top.children]
    for number, (_, title) in enumerate(CONTENTS, start=1):
        assert f"{number} {title}" in titles
    fewest, most = PAGES[name]
    assert fewest <= len(document.pages) <= most


def test_a_simulated_model_is_named_in_title_and_subject() -> None:
    with opened("simulated") as simulated, opened("real") as real:
        assert "simulated model" in str(simulated.docinfo["/Title"])
        assert "simulated model" in str(simulated.docinfo["/Subject"])
        assert "simulated" not in str(real.docinfo["/Title"])


def nothing_acts(document: pikepdf.Pdf) -> None:
    for key in ("/AA", "/AcroForm"):
        assert key not in document.Root
    for entry in everything(document):
        for key in ("/JS", "/JavaScript", "/URI", "/Launch", "/EmbeddedFile", "/EF"):
            assert key not in entry
        assert entry.get("/S") not in {"/JavaScript", "/URI", "/Launch", "/GoToR", "/SubmitForm"}


@pytest.mark.parametrize("name", PAGES)
def test_it_holds_nothing_that_acts(name: str) -> None:
    with opened(name) as document:
        nothing_acts(document)


def test_every_figure_has_a_text() -> None:
    with opened("real") as document:
        texts = [str(e.get("/Alt", "")) for e in everything(document) if e.get("/S") == "/Figure"]
    assert len(texts) == 7
    assert all(texts)


def test_every_page_names_the_simulation_the_organisation_and_the_run() -> None:
    pages = page_texts("simulated")
    with opened("simulated") as document:
        assert len(pages) == len(document.pages)
    for number, text in enumerate(pages, start=1):
        assert SIMULATED in text
        assert "Halden & Voss Freight" in text
        assert "Run 20261119-141503-9c4e" in text
        assert f"{number} of {len(pages)}" in text
    assert not [text for text in page_texts("real") if "SIMULATED" in text]


@pytest.mark.parametrize("name", ["simulated", "real"])
def test_no_page_is_nearly_empty(name: str) -> None:
    assert [len(text.split()) for text in page_texts(name) if len(text.split()) < 60] == []


def test_contents_give_the_right_pages() -> None:
    pages = page_texts("real")
    contents = next(text for text in pages if "Contents" in text)
    for number, (_, title) in enumerate(CONTENTS, start=1):
        line = next(line for line in contents.splitlines() if line.strip().startswith(f"{number}. {title}"))
        target = pages[int(line.split()[-1].strip(".")) - 1]
        assert any(found.split() == [str(number), *title.split()] for found in target.splitlines())


@pytest.mark.parametrize("name", ["simulated", "real", "empty"])
def test_nothing_is_wrong_with_the_document(name: str) -> None:
    assert pdf(name).messages == ()


def test_nothing_is_fetched(loopback: LoopbackServer, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the contents of a file", "utf-8")
    address = f"{loopback.base_url}/picture.png"
    picture = '<svg xmlns="http://www.w3.org/2000/svg"><image href="{}"/><image href="{}"/></svg>'
    inner = picture.format(secret.as_uri(), address)
    document = (
        f'<html lang="en"><title>x</title><link rel="stylesheet" href="{address}"><link rel="attachment" '
        f'href="{secret.as_uri()}"><style>@import "{address}"; body {{ background: url({address}) }} '
        f"@font-face {{ font-family: y; src: url({address}) }}</style>"
        f'<body><img src="{address}" alt="a"><img src="{secret.as_uri()}" alt="b"><object data="{address}"></object>'
        f'<img src="data:image/svg+xml;base64,{base64.b64encode(inner.encode()).decode()}" alt="c">'
    )
    rendered = render_pdf(document)
    assert loopback.requests == []
    assert b"the contents of a file" not in rendered.data
    with pikepdf.open(io.BytesIO(rendered.data)) as made:
        assert not made.attachments
    assert [message for message in rendered.messages if "disallowed protocol" in message]


@pytest.fixture(scope="module")
def hostile() -> Iterator[tuple[Rendered, LoopbackServer]]:
    """The extreme report, full of addresses of a server that listens."""
    with LoopbackServer() as server:
        yield render_pdf(render_html(extreme(f"{server.base_url}/"))), server


def test_hostile_text_makes_nothing_be_fetched(hostile: tuple[Rendered, LoopbackServer]) -> None:
    rendered, server = hostile
    assert server.requests == []
    assert not [message for message in rendered.messages if "notdef" not in message]


def test_hostile_text_makes_nothing_act(hostile: tuple[Rendered, LoopbackServer]) -> None:
    with pikepdf.open(io.BytesIO(hostile[0].data)) as document:
        nothing_acts(document)
        assert 25 <= len(document.pages) <= 50


def test_the_same_result_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert render_pdf(html("real")).data == pdf("real").data


def test_another_process_gives_the_same_bytes() -> None:
    script = "import sys; from tests.reporting.rendered import pdf; sys.stdout.buffer.write(pdf('empty').data)"
    environment = dict(os.environ) | {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, env=environment)
    assert done.stdout == pdf("empty").data
    assert done.stderr == b""


def test_different_results_have_different_identifiers() -> None:
    with opened("real") as first, opened("empty") as second:
        assert bytes(first.trailer["/ID"][0]) != bytes(second.trailer["/ID"][0])


def test_logs_of_libraries_are_collected_and_left_as_they_were(capfd: pytest.CaptureFixture[str]) -> None:
    import weasyprint  # noqa: F401 - it adds a handler of its own the first time

    logger = logging.getLogger("weasyprint")
    before = (logger.handlers[:], logger.propagate)
    rendered = render_pdf('<html lang="en"><title>x</title><style>p { colour: red }</style><p>x</p>')
    assert [message for message in rendered.messages if "colour" in message]
    assert (logger.handlers[:], logger.propagate) == before
    assert capfd.readouterr() == ("", "")


def test_characters_without_a_font_are_reported(caplog: pytest.LogCaptureFixture) -> None:
    # A character of the private use area: no font has it.
    render_pdf('<html lang="en"><title>x</title><p>\U0010fffd</p>')
    assert "no font on this machine has 1 of the report's characters" in caplog.text


def test_somebody_at_a_terminal_reads_one_plain_line_about_it() -> None:
    code = "from audit.reporting.pdf import render_pdf; render_pdf('<html lang=\"en\"><title>x</title><p>\U0010fffd')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("no font on this machine has 1 of the report's characters; they are boxes in the PDF.")


def test_without_pango_the_message_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)

    class Refuse:
        def find_spec(self, name: str, *rest: object) -> None:
            if name == "weasyprint":
                sys.stdout.write("a long explanation")
                raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setattr(sys, "meta_path", [Refuse(), *sys.meta_path])
    with pytest.raises(UsageError, match="Pango"):
        render_pdf("<p>x</p>")


@pytest.mark.parametrize(
    ("platform", "command"),
    [
        ("linux", "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"),
        ("darwin", "brew install pango"),
        ("win32", "pacman -S mingw-w64-x86_64-pango"),
    ],
)
def test_each_system_has_its_command(platform: str, command: str) -> None:
    assert command in module._remedy(platform)
