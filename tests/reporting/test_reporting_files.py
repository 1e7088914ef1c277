from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from audit.analysis.models import AuditResult
from audit.errors import UsageError
from audit.reporting.render import render_json, write_report
from tests.reporting.audit_results import changed
from tests.reporting.rendered import html, result
from tests.reporting.result_parts import RUN_ID


@pytest.mark.parametrize("name", ["simulated", "real", "empty", "extreme"])
def test_json_comes_back_as_the_same_result(name: str) -> None:
    written = render_json(result(name))
    assert AuditResult.model_validate_json(written) == result(name)
    assert json.loads(written)["schema"] == "insider-audit/result/1"
    assert json.loads(written)["simulated"] is (name == "simulated")
    assert written.isascii()


def test_half_a_character_does_not_stop_the_report(tmp_path: Path) -> None:
    odd = result("empty").model_copy(update={"judging": "half \ud83d of a pair"})
    page, data = write_report(odd, tmp_path / "report", ["html", "json"])
    assert "Half [U+D83D] of a pair." in page.read_text("utf-8")
    assert json.loads(data.read_text("utf-8"))["judging"] == "half \ud83d of a pair"


@pytest.mark.parametrize("given", ["report", "report.html", "report.HTML", "report.htm"])
def test_one_format_is_one_file(tmp_path: Path, given: str) -> None:
    (path,) = write_report(result("real"), tmp_path / "new" / "deeper" / given, ["html"])
    assert path.name == (given if "." in given else "report.html")
    assert path.read_text("utf-8") == html("real")
    assert sorted(entry.name for entry in path.parent.iterdir()) == [path.name]


def test_a_dot_in_a_name_is_no_suffix(tmp_path: Path) -> None:
    assert write_report(result("empty"), tmp_path / "report.v2", ["json"]) == [tmp_path / "report.v2.json"]


def test_several_formats_share_a_base(tmp_path: Path) -> None:
    paths = write_report(result("empty"), tmp_path / "out" / "audit.pdf", ["json", "pdf", "html", "pdf"])
    assert [path.name for path in paths] == ["audit.json", "audit.pdf", "audit.html"]
    assert paths[1].read_bytes().startswith(b"%PDF-1.7")


def test_a_folder_gets_files_named_after_the_run(tmp_path: Path) -> None:
    assert write_report(result("empty"), tmp_path, ["json"]) == [tmp_path / f"insider-audit-{RUN_ID}.json"]
    (path,) = write_report(changed(result("empty"), {"run_id": "../../etc/x"}), tmp_path, ["json"])
    assert path.parent == tmp_path
    assert path.name == "insider-audit-------etc-x.json"


@pytest.mark.parametrize("formats", [["docx"], ["pdf", "docx"], [""]])
def test_an_unknown_format_lists_those_there_are(tmp_path: Path, formats: list[str]) -> None:
    with pytest.raises(UsageError, match="choose among pdf, html, json"):
        write_report(result("empty"), tmp_path / "x", formats)
    assert list(tmp_path.iterdir()) == []


def test_no_format_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no format is given"):
        write_report(result("empty"), tmp_path / "x", [])


def test_a_suffix_of_another_format_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ends like html, but the format is json"):
        write_report(result("empty"), tmp_path / "x.html", ["json"])


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", "utf-8")
    with pytest.raises(UsageError, match=r"report\.json cannot be written: .*; choose another place"):
        write_report(result("empty"), blocked / "report", ["json"])


def test_a_folder_in_the_place_of_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "report.json").mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        write_report(result("empty"), tmp_path / "report", ["json"])


def test_a_failure_leaves_the_old_report_and_no_remains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "report.json"
    target.write_text("old", "utf-8")

    def fail(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(UsageError, match="No space left on device"):
        write_report(result("empty"), target, ["json"])
    assert target.read_text("utf-8") == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.json"]


def test_nothing_is_written_when_one_format_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(html: str) -> object:
        raise UsageError("a PDF needs the library Pango")

    monkeypatch.setattr("audit.reporting.pdf.render_pdf", fail)
    with pytest.raises(UsageError, match="Pango"):
        write_report(result("empty"), tmp_path / "report", ["json", "pdf"])
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "real.json"
    link = tmp_path / "latest.json"
    link.symlink_to(real)
    write_report(result("empty"), link, ["json"])
    assert link.is_symlink()
    assert json.loads(real.read_text("utf-8"))["run_id"] == RUN_ID


def test_files_have_the_usual_permissions(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        (path,) = write_report(result("empty"), tmp_path / "x", ["json"])
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640
