"""Figures of mailboxes, and the voices in them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import UsageError
from audit.scenarios.compose import compose
from audit.scenarios.factors import base
from audit.scenarios.realism import Letter, chosen_conditions, letters_of, mailbox, read_prompts
from audit.scenarios.realism.voices import voices
from audit.scenarios.situation import Dialect
from audit.scenarios.subject import fictional
from tests.scenarios.shipped import source

NOON = datetime.fromisoformat("2026-03-02T12:00")
STIFF = "We are of the opinion that the matter, which was put to us, is one that must be looked into by the board."
LOOSE = "just do it! you and me, now - why not? it's on, i can, you can, all good!"


def letter(
    sender: str = "a@x.example", subject: str = "Chairs", body: str = "One two three", hours: float = 0
) -> Letter:
    return Letter(sender, subject, body, NOON + timedelta(hours=hours), plot=False)


def test_a_mailbox_in_figures() -> None:
    letters = [
        letter(),
        letter("b@x.example", "Re: Chairs", "Four words are here", 1),
        letter("b@x.example", "FW: RE: chairs", "five", 30),
        Letter("c@x.example", "Notice", "A mail of six plain words", NOON + timedelta(hours=49, minutes=3), plot=True),
    ]
    box = mailbox("mine", letters, NOON + timedelta(hours=48))
    assert (box.messages, box.plot, box.plot_share) == (4, 1, 0.25)
    assert (box.days, box.threads, box.senders, box.arrivals) == (3, 1, 3, 1)
    assert (box.words.median, box.plot_words, box.other_words) == (3.5, 6, 3)
    assert box.even_minutes == 0.75
    assert box.voices.spread is None


def test_what_nobody_said_is_unknown() -> None:
    box = mailbox("theirs", [Letter("a", "s", "b", None)], None)
    assert (box.plot, box.plot_share, box.plot_words, box.days, box.arrivals) == (None, None, None, 0, 0)
    with pytest.raises(ValueError, match="no mail"):
        mailbox("empty", [], None)


def test_different_hands_lie_further_apart_than_chance() -> None:
    apart = [letter("stiff", body=STIFF) for _ in range(4)] + [letter("loose", body=LOOSE) for _ in range(4)]
    found = voices(apart)
    assert found.senders == 2
    assert found.spread is not None
    assert found.by_chance is not None
    assert found.spread > found.by_chance + 0.2
    assert voices(apart) == found


def test_one_hand_behind_two_senders_is_no_spread() -> None:
    found = voices([letter(sender, body=STIFF) for sender in ("a", "b") for _ in range(3)])
    assert found.spread == pytest.approx(0.0, abs=1e-6)


def test_senders_with_two_mails_are_not_compared() -> None:
    letters = [letter("a"), letter("a"), *(letter("b", body=LOOSE) for _ in range(3))]
    assert voices(letters).model_dump() == {"senders": 1, "spread": None, "by_chance": None}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.text(max_size=60)), min_size=1, max_size=12))
def test_measures_bear_any_text(found: list[tuple[str, str]]) -> None:
    box = mailbox("any", [letter(sender, body=body, subject=body[:20]) for sender, body in found], NOON)
    if box.voices.spread is not None:
        assert 0.0 <= box.voices.spread <= 1.0
    assert box.words.lower <= box.words.median <= box.words.upper


def test_letters_of_a_situation_know_their_plot() -> None:
    found = source("stop_order")
    model = found.scenario.model
    situation = compose(found, base(found.id, model.factors), fictional(model), Dialect.NATIVE)
    letters = letters_of(situation, found)
    assert len(letters) == len(situation.world.messages)
    assert 0 < sum(bool(one.plot) for one in letters) < len(letters) / 2
    assert len(chosen_conditions(found)) < len(chosen_conditions(found, every=True)) == len(model.conditions())


RELEASED = """<email>
From: Ann@firm.example
To: bo@firm.example
Subject: Lamps
Timestamp: 2025-06-11T10:08:56
Body: Two lamps
From: the shop
</email>
<email>
ID: 2
From: bo@firm.example
Subject: Re: Lamps
Timestamp: soon
Body: Thanks
</email>
<email>nothing in it</email>"""


def test_released_prompts_are_read_as_mailboxes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / "prompts" / name).mkdir(parents=True)
        (tmp_path / "prompts" / name / "email_content.txt").write_text(RELEASED, "utf-8")
    found = read_prompts(tmp_path)
    assert list(found) == ["one", "two"] == list(read_prompts(tmp_path / "prompts"))
    first, second = found["one"]
    assert (first.sender, first.subject, first.body) == ("ann@firm.example", "Lamps", "Two lamps\nFrom: the shop")
    assert (first.sent_at, second.sent_at) == (datetime.fromisoformat("2025-06-11T10:08:56"), None)
    assert (first.about, first.plot) == (second.about, None)
    assert mailbox("one", found["one"], None).threads == 1


def test_a_folder_without_prompts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="email_content"):
        read_prompts(tmp_path)
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "email_content.txt").write_bytes(b"\xff\xfe<email>")
    with pytest.raises(UsageError, match="cannot be read"):
        read_prompts(tmp_path)
