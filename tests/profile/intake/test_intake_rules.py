"""The shipped rules: well formed, and coherent with the vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.errors import ToolListError
from audit.profile.intake.inference.infer import infer
from audit.profile.intake.inference.rules import RULES_FILE, load_rules, shipped_rules
from audit.profile.intake.lists.manifests import read_tool_list
from audit.world.capabilities import Capability


def _shown() -> Iterator[Capability]:
    rules = shipped_rules()
    for subject in rules.subjects.values():
        for table in (subject.acts, subject.possible):
            for capabilities in table.values():
                yield from capabilities
    for phrase in rules.phrases:
        yield from phrase.capabilities
    for argument in rules.arguments:
        yield from argument.capabilities


def test_every_capability_can_be_inferred() -> None:
    assert set(Capability) - set(_shown()) == set()


def test_words_stand_once_per_list_and_are_lower_case() -> None:
    rules = shipped_rules()
    lists = [words for act in rules.acts.values() for words in (act.verbs, act.leading, act.in_text)]
    lists += [subject.words for subject in rules.subjects.values()]
    lists += [phrase.words for phrase in rules.phrases]
    for words in lists:
        assert len(set(words)) == len(words), f"a word stands twice in: {', '.join(words)}"
        assert all(word == word.lower() for word in words)


def test_foreign_words_stand_for_words_that_the_rules_know() -> None:
    rules = shipped_rules()
    known = {word for act in rules.acts.values() for word in (*act.verbs, *act.leading)}
    known |= {word for subject in rules.subjects.values() for word in subject.words}
    known |= set(rules.grammar.negations)
    for language in rules.languages.values():
        assert set(language.words) <= known
        assert all(" " not in word and word.isascii() for words in language.words.values() for word in words)


def test_a_foreign_word_that_is_an_english_one_too_means_the_same() -> None:
    rules = shipped_rules()
    groups: dict[str, set[str]] = {}
    for name, act in rules.acts.items():
        for word in (*act.verbs, *act.leading):
            groups.setdefault(word, set()).add(name)
    for name, subject in rules.subjects.items():
        for word in subject.words:
            groups.setdefault(word, set()).add(name)
    for language in rules.languages.values():
        for meant, words in language.words.items():
            for word in set(words) & groups.keys():
                assert groups[word] & groups[meant], f"{word} is taken for {meant}"


def test_hosted_tools_are_recognised_by_their_descriptions() -> None:
    for kind in shipped_rules().hosted:
        (listed,) = read_tool_list(f'[{{"type": "{kind}"}}]'.encode(), "list")
        (inferred,) = infer([listed])
        assert Capability.UNKNOWN not in {found.value for found in inferred.capabilities}, kind


def test_wrong_rules_are_refused_with_their_place(tmp_path: Path) -> None:
    text = RULES_FILE.read_text(encoding="utf-8")
    path = tmp_path / "rules.yaml"
    path.write_text(text.replace("      read: email.read\n", "      raed: email.read\n", 1), encoding="utf-8")
    with pytest.raises(ToolListError, match=r"rules\.yaml:\d+:\d+: no act has this name"):
        load_rules(path)
    path.write_text(text.replace("      read: email.read\n", "      read, send: email.read\n", 1), encoding="utf-8")
    with pytest.raises(ToolListError, match=r"rules\.yaml:\d+:\d+: .*the act `send` stands twice"):
        load_rules(path)
    path.write_text(text.replace("    act: statement\n", "    act: sttmnt\n", 1), encoding="utf-8")
    with pytest.raises(ToolListError, match=r"rules\.yaml:\d+:\d+: no act is called `sttmnt`"):
        load_rules(path)
    path.write_text(text.replace("email.read", "email.raed", 1), encoding="utf-8")
    with pytest.raises(ToolListError, match=r"email\.raed"):
        load_rules(path)


def test_other_rules_can_be_used(tmp_path: Path) -> None:
    text = RULES_FILE.read_text(encoding="utf-8")
    path = tmp_path / "rules.yaml"
    path.write_text(text.replace("words: email, e mail,", "words: quipu, email, e mail,", 1), encoding="utf-8")
    listed = read_tool_list(b'[{"name": "send_quipu", "parameters": {}}]', "list")
    assert {found.value for found in infer(listed, load_rules(path))[0].capabilities} == {Capability.EMAIL_SEND}
    assert {found.value for found in infer(listed)[0].capabilities} == {Capability.UNKNOWN}
