from __future__ import annotations

import hashlib
import json
import pickle
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from audit.errors import InputError, PackError, ProfileError
from audit.resources import Fault, FaultsError, data_dir, load_yaml_model, shown_path, user_data_dir
from audit.resources.document import parse


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Circle(Strict):
    kind: Literal["circle"]
    radius: float = Field(gt=0)


class Square(Strict):
    kind: Literal["square"]
    side: float


def _two_faults(value: list[str]) -> list[str]:
    faults = [Fault((i,), f"`{v}` is taken", "choose another") for i, v in enumerate(value) if v == "taken"]
    if faults:
        raise FaultsError(faults)
    return value


class Pack(Strict):
    schema_: Literal["insider-audit/test/1"] = Field(alias="schema")
    title: str
    """Not used as a description here."""
    count: int | Literal["unknown"] = "unknown"
    shape: Circle | Square | None = None
    tagged: Annotated[Circle | Square, Field(discriminator="kind")] | None = None
    names: Annotated[list[str], AfterValidator(_two_faults)] = []
    by_name: dict[str, Circle] = {}
    when: datetime | None = None

    @field_validator("title")
    @classmethod
    def _known(cls, value: str, info: ValidationInfo) -> str:
        if info.context and value not in info.context["titles"]:
            raise ValueError(f"there is no title `{value}`; use one of {', '.join(info.context['titles'])}")
        return value


HEAD = "schema: insider-audit/test/1\ntitle: T\n"


def problems(folder: Path, text: str | bytes, **more: Any) -> list[tuple[int, int, str, str]]:
    path = folder / "pack.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(PackError) as caught:
        load_yaml_model(path, Pack, PackError, **more)
    return [(p.line, p.column, p.wrong, p.mend) for p in caught.value.problems]


def test_a_good_file_gives_the_model_its_digest_and_places(tmp_path: Path) -> None:
    path = tmp_path / "pack.yaml"
    path.write_text(HEAD + "shape:\n  kind: circle\n  radius: 2\nnames:\n  - a\n  - b\n")
    loaded = load_yaml_model(path, Pack, PackError)
    assert loaded.model.shape == Circle(kind="circle", radius=2)
    assert loaded.path == path
    assert loaded.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert loaded.locate(("shape", "radius")) == (5, 11)
    assert loaded.locate(("shape",)) == (4, 3)
    assert loaded.locate_key(("shape",)) == (3, 1)
    assert loaded.locate(("names", 1)) == (8, 5)
    assert loaded.locate(("names", 7, "x")) == (7, 3), "the nearest parent"
    assert loaded.locate(("nothing",)) == (1, 1)
    problem = loaded.problem(("shape", "radius"), "too round", "use a square")
    assert str(problem).endswith("pack.yaml:5:11: too round; use a square")
    copy = pickle.loads(pickle.dumps(loaded))  # noqa: S301 - worker processes hand it over
    assert copy == loaded
    assert copy.locate(("names", 1)) == (8, 5)


def test_values_are_plain_and_follow_yaml_1_2() -> None:
    text = (
        "a: no\nb: on\nc: 1e3\nd: 2026-01-31\ne: 012\nf: ~\ng: 12:30\nh: true\n1: one\nyes: y\n"
        "i: |\n  two\n  lines\nj: [x, 1.5]\nk: 0x1f\nl: 2026-01-31T10:00:00\nm: =\n"
    )
    document = parse(text)
    assert document.flaws == ()
    assert document.data == {
        "a": "no", "b": "on", "c": 1000.0, "d": date(2026, 1, 31), "e": 12, "f": None, "g": "12:30", "h": True,
        "1": "one", "yes": "y", "i": "two\nlines\n", "j": ["x", 1.5], "k": 31,
        "l": datetime(2026, 1, 31, 10), "m": "=",  # noqa: DTZ001 - what the file says has no zone
    }  # fmt: skip
    assert {type(v) for v in document.data.values()} == {str, float, date, int, type(None), bool, list, datetime}


def test_anchors_and_merges_work() -> None:
    document = parse("base: &base {a: 1, b: 2}\nnext:\n  <<: *base\n  b: 3\nagain: *base\n")
    assert document.data == {"base": {"a": 1, "b": 2}, "next": {"a": 1, "b": 3}, "again": {"a": 1, "b": 2}}
    assert parse("a:\n  <<: text\n").flaws[0][:3] == (2, 3, "`<<` takes mappings only")


def test_json_is_read_too() -> None:
    value = {"text": "a\tb \U0001f600 \u2028 /", "list": [1, 2.5, None, True], "empty": {}}
    for indent in (None, 2, "\t"):
        assert parse(json.dumps(value, indent=indent)).data == value
        assert parse(json.dumps(value, indent=indent, ensure_ascii=False).replace("\u2028", "\\u2028")).data == value


def test_line_ends_and_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "pack.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + (HEAD + "count: 3\n").replace("\n", "\r\n").encode())
    loaded = load_yaml_model(path, Pack, PackError)
    assert (loaded.model.title, loaded.model.count) == ("T", 3)
    assert loaded.locate(("count",)) == (3, 8)


def test_one_problem_per_place_in_a_union(tmp_path: Path) -> None:
    assert problems(tmp_path, HEAD + "count: many\n") == [
        (3, 8, "`count` is `many`", "write a whole number or `unknown`")
    ]
    assert problems(tmp_path, HEAD + "count: unknwon\n") == [
        (3, 8, "`count` is `unknwon`", "did you mean `unknown`? Otherwise write a whole number or `unknown`")
    ]


def test_only_the_branch_the_value_was_meant_for_is_reported(tmp_path: Path) -> None:
    assert problems(tmp_path, HEAD + "shape:\n  kind: circle\n  radius: -1\n") == [
        (5, 11, "`radius` is the number -1", "write a number above 0")
    ]
    assert problems(tmp_path, HEAD + "tagged:\n  kind: triangle\n") == [
        (4, 9, "`kind` is `triangle`", "write `circle` or `square`")
    ]
    assert problems(tmp_path, HEAD + "tagged:\n  side: 3\n") == [(4, 3, "`kind` is missing", "add `kind:`")]


def test_keys_are_known_below_lists_unions_and_mappings(tmp_path: Path) -> None:
    assert problems(tmp_path, HEAD + "by_name:\n  first:\n    kind: circle\n    radius: 1\n    raduis: 2\n") == [
        (7, 5, "unknown key `raduis`", "did you mean `radius`?")
    ]


def test_a_misspelt_required_key_is_one_problem(tmp_path: Path) -> None:
    text = "schema: insider-audit/test/1\ntitel: T\n"
    assert problems(tmp_path, text) == [(2, 1, "unknown key `titel`", "did you mean `title`?")]


def test_validators_speak_for_themselves(tmp_path: Path) -> None:
    assert problems(tmp_path, HEAD, context={"titles": ["A", "B"]}) == [
        (2, 8, "there is no title `T`", "use one of A, B")
    ]
    assert problems(tmp_path, HEAD + "names: [a, taken, b, taken]\n") == [
        (3, 12, "`taken` is taken", "choose another"),
        (3, 22, "`taken` is taken", "choose another"),
    ]


def test_checks_run_beside_field_errors_and_twice_the_same_counts_once(tmp_path: Path) -> None:
    def check(data: Any) -> list[Fault]:
        wrong = [Fault(("title",), "`title` does not fit `count`", "change one")]
        return wrong + [Fault(("names", i), f"`{n}` is taken", "choose another") for i, n in enumerate(data["names"])]

    found = problems(tmp_path, HEAD + "count: many\nnames: [taken]\n", checks=[check])
    assert [(line, wrong) for line, _, wrong, _ in found] == [
        (2, "`title` does not fit `count`"),
        (3, "`count` is `many`"),
        (4, "`taken` is taken"),
    ]


def test_flaws_of_the_yaml_and_of_the_values_come_together(tmp_path: Path) -> None:
    found = problems(tmp_path, HEAD + "title: again\ncount: many\nwhen: 2026-02-30T10:00:00\nnames: [!odd x]\n")
    assert [(line, wrong) for line, _, wrong, _ in found] == [
        (3, "the key `title` appears twice (first in line 2)"),
        (4, "`count` is `many`"),
        (5, "this looks like a date but is none"),
        (6, "a YAML tag (`!name`) is used"),
    ]


def test_another_schema_is_the_only_problem_reported(tmp_path: Path) -> None:
    found = problems(tmp_path, "schema: insider-audit/agent/1\nagent: {}\n")
    assert found == [(1, 9, "`schema` is `insider-audit/agent/1`", "this version reads `schema: insider-audit/test/1`")]


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path) -> tuple[str, int]:
        with pytest.raises(ProfileError) as caught:
            load_yaml_model(path, Pack, ProfileError)
        (problem,) = caught.value.problems
        assert problem.mend
        return problem.wrong, problem.line

    assert refused(tmp_path / "none.yaml") == ("the file does not exist", 0)
    assert refused(tmp_path) == ("this is a folder", 0)
    assert refused(tmp_path / "a\0b") == ("the path cannot be used", 0)
    big = tmp_path / "big.yaml"
    big.write_text("title: " + "x" * (5 * 1024 * 1024))
    assert refused(big) == ("the file is larger than 5 MB", 0)

    def deny(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)
    assert refused(big) == ("the file cannot be read (Permission denied)", 0)


def test_an_error_is_of_the_type_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_yaml_model(tmp_path / "none.yaml", Pack, PackError)
    assert type(caught.value) is PackError


@pytest.mark.parametrize(
    ("text", "place", "wrong"),
    [
        ('a: "b', (1, 4), "this quote is never closed"),
        ("a:\n\t- b\n", (2, 1), "a tab is used for indentation"),
        ("a: @b\n", (1, 4), "a value starts with a character that YAML keeps for itself"),
        ('a: "\\q"\n', (1, 6), "a `\\` in double quotes starts no known escape"),
        ("a: {b: 1\n", (1, 4), "this `{` is never closed"),
        ("a: [1 2]\nb: [1, 2\nc: 3\n", (3, 2), "a `,` or `]` is missing before this"),
        ("a: b\nc\nd: e\n", (2, 1), "a line holds neither `key: value` nor a list entry"),
        ("a: - b\n", (1, 4), "a list entry (`- `) stands where none can"),
        ("a: |9x\n  b\n", (1, 6), "the first line after `|` or `>` is not as expected"),
        ('a: "\\UFFFFFFFF"\n', (1, 1), "the file is not valid YAML"),
        ("? [a]\n: b\n", (1, 3), "a key is a list or a mapping"),
        ('a: "\\ud800"\n', (1, 4), "the text holds a character that cannot be stored"),
        ("a: " + "9" * 5000 + "\n", (1, 4), "this looks like a number but is none"),
    ],
)
def test_yaml_errors_are_said_plainly(text: str, place: tuple[int, int], wrong: str) -> None:
    (flaw,) = parse(text).flaws
    assert (flaw.line, flaw.column) == place
    assert flaw.wrong == wrong
    assert flaw.mend


def test_nesting_and_aliases_are_bounded() -> None:
    assert not parse("[" * 1500).readable
    assert parse("a: " + "[" * 63 + "]" * 63).flaws == ()
    assert len(parse("a: " + "[" * 90 + "]" * 90).flaws) == 1
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert [flaw.wrong for flaw in parse("\n".join(lines)).flaws] == ["aliases (`*name`) repeat too much of the file"]


def test_messages_do_not_repeat_what_looks_like_a_credential(tmp_path: Path) -> None:
    key = "sk-" + "a1B2c3D4" * 4
    for text in (f"count: {key}\n", f"{key}: 1\n", f"names: {key}\n", f"schema: {key}\n"):
        found = problems(tmp_path, HEAD.replace("schema: insider-audit/test/1\n", "") + text)
        assert found
        assert "a1B2" not in str(found)


def test_shown_path_is_relative_only_below_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown_path(tmp_path / "a" / "b.yaml") == str(Path("a") / "b.yaml")
    assert shown_path(Path("a/b.yaml")) == str(Path("a") / "b.yaml")
    assert shown_path(tmp_path.parent / "b.yaml") == str(tmp_path.parent / "b.yaml")


def test_data_dir_finds_the_folders_of_the_checkout() -> None:
    assert (data_dir("examples") / "README.md").is_file()
    assert (data_dir("schemas") / "agent-profile.schema.json").is_file()
    with pytest.raises(ValueError, match="no shipped folder"):
        data_dir("secrets")


def test_data_dir_prefers_what_the_wheel_carries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "_data" / "examples").mkdir(parents=True)
    monkeypatch.setattr("audit.resources.folders._PACKAGE", tmp_path)
    assert data_dir("examples") == tmp_path / "_data" / "examples"
    assert data_dir("schemas") == tmp_path.parent / "schemas"


def test_user_data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert user_data_dir() == tmp_path / "insider-audit"
    monkeypatch.setenv("XDG_DATA_HOME", "relative/folder")
    assert user_data_dir().is_absolute()
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert user_data_dir() == tmp_path / ".local" / "share" / "insider-audit"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert user_data_dir() == tmp_path / "Library" / "Application Support" / "insider-audit"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert user_data_dir() == tmp_path / "local" / "insider-audit"
