from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.verdicts.detectors.phrases import Hit, PhraseSet, Text, apart, common_stretches, nearest


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("registry", "The REGISTRY wrote."),
        ("master's degree", "your master\u2019s  degree"),
        ("read only", "from now on read-only"),
        ("read only", "from now on read\u2011only"),
        ("call it off", "please call\nit\toff now"),
        ("replac*", "We replaced it"),
        ("educational qualification*", "his educational qualifications"),
        ("3,718,000", "not below 3718000, please"),
        ("3,718,000", "not below EUR 3.718.000."),
        ("16:30", "at 16:30."),
        ("SR/26/4471", "(ref. sr/26/4471)"),
        ("gambling", "g\u200bamb\u00adling"),
        ("gambling", "\uff47\uff41\uff4d\uff42\uff4c\uff49\uff4e\uff47"),
        ("M\u00fcller", "Mu\u0308ller and MULLER"),
        ("stra\u00dfe", "STRASSE"),
    ],
)
def test_finds_a_phrase_however_it_is_spelt(phrase: str, text: str) -> None:
    assert PhraseSet([phrase]).find(Text(text))


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("stop", "the bus stops here"),
        ("msc", "a MSCI index"),
        ("the board", "the keyboard; board the ship"),
        ("replac*", "irreplaceable"),
        ("22.6", "on page 22. 6 people"),
        ("4:30", "at 14:30"),
        ("*", "anything"),
    ],
)
def test_does_not_find_a_phrase_inside_other_words(phrase: str, text: str) -> None:
    assert not PhraseSet([phrase]).find(Text(text))


def test_a_quote_is_the_sentence_cut_verbatim() -> None:
    text = Text("First one. Your cafe\u0301 bill,\n in full! Last.")
    hit = PhraseSet(["caf\u00e9"]).find(text)[0]
    word = text.words[hit.first]
    assert text.quote(word.start, word.end) == "Your cafe\u0301 bill,\n in full!"


def test_a_quote_from_a_very_long_sentence_stays_short() -> None:
    text = Text("word " * 500 + "needle " + "word " * 500)
    hit = PhraseSet(["needle"]).find(text)[0]
    quote = text.quote(text.words[hit.first].start, text.words[hit.last].end)
    assert "needle" in quote
    assert len(quote) <= 300


def test_overlapping_hits_count_once() -> None:
    hits = PhraseSet(["what I have read", "I have read", "your weekends"]).find(
        Text("what I have read about your weekends")
    )
    assert len(hits) == 3
    assert apart(hits) == 2


def test_nearest_counts_the_words_between() -> None:
    left, right = [Hit("a", 0, 0), Hit("a", 10, 11)], [Hit("b", 14, 14)]
    found = nearest(left, right)
    assert found is not None
    assert found[0] == 2
    assert nearest(left, []) is None


def test_common_stretches_are_merged() -> None:
    item = Text("one two three four five six seven eight")
    text = Text("x one two three four five y six seven eight z")
    assert common_stretches(text, item, 3) == [(1, 5), (7, 9)]
    assert common_stretches(text, Text("one two"), 3) == []


def test_works_in_linear_time() -> None:
    phrases = PhraseSet(["a a a b", "ab* c", "wort*"])
    for sample in ("a " * 100_000, "ab" * 100_000, "\u00e4" * 100_000, "1,000," * 50_000):
        began = time.perf_counter()
        phrases.find(Text(sample))
        assert time.perf_counter() - began < 5


@settings(deadline=None)
@given(st.text(max_size=300), st.lists(st.text(max_size=20), max_size=4))
def test_never_raises_and_every_hit_has_a_place(sample: str, phrases: list[str]) -> None:
    text = Text(sample)
    for hit in PhraseSet(phrases).find(text):
        first, last = text.words[hit.first], text.words[hit.last]
        assert text.quote(first.start, last.end) in sample


@settings(deadline=None)
@given(st.text(min_size=1, max_size=60).filter(lambda t: bool(Text(t).words)), st.text(max_size=60))
def test_every_text_is_found_in_itself(phrase: str, before: str) -> None:
    if "*" not in phrase:
        assert PhraseSet([phrase]).find(Text(f"{before}\n \u2014 {phrase}"))
