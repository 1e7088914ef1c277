"""Values as a reader sees them: percentages, intervals, money, times, and text that nobody can vouch for.

A value that is missing has a word of its own: ``unknown`` for what was not declared or not reported, ``not measured``
for a rate without trials. Nothing here returns an empty text or "None".
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from audit.analysis.models import Rate
from audit.analysis.words import percent as in_percent

UNKNOWN = "unknown"
NOT_MEASURED = "not measured"
NO_RATIO = "\u2013"
NBSP = "\u00a0"
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

# What a text can hide or turn round: control characters, direction marks and overrides, invisible blanks, line
# separators, tag characters, halves of surrogate pairs, non-characters. Joiners stay: some scripts need them.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)


def clean(text: str) -> str:
    r"""Make visible what a text could hide behind.

    Args:
        text: Anything, also output of a model.

    Returns:
        The text with line ends as ``\n`` and each control, direction or invisible character as ``[U+202E]``. It is
        not escaped for HTML; the template does that.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def one_line(text: str, limit: int) -> str:
    """A text on one line of at most ``limit`` characters; an ellipsis shows that it was cut."""
    line = " ".join(clean(text).split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def cut(text: str, limit: int) -> tuple[str, int]:
    """The beginning of a text, and how many characters were left off.

    Args:
        text: Any text.
        limit: Characters to keep. The cut falls on a blank where there is one in the last tenth.
    """
    if len(text) <= limit:
        return text, 0
    end = max(text.rfind(" ", limit - limit // 10, limit), text.rfind("\n", limit - limit // 10, limit))
    end = limit if end < 0 else end
    return text[:end], len(text) - end


def fewer_blank_lines(text: str) -> str:
    """The text with more than two blank lines on end replaced by a note of how many there were."""

    def note(found: re.Match[str]) -> str:
        return f"\n[{found[0].count(chr(10)) - 1} blank lines]\n"

    return re.sub(r"\n(?:[ \t\r]*\n){3,}", note, text)


def css_string(text: str) -> str:
    """A text as a CSS string, quotes included. Every character is written as its code, so none can end the string."""
    codes = "".join(f"\\{ord(character):06x}" for character in clean(text))
    return f'"{codes}"'


def percent(share: float | None) -> str:
    """A share from 0 to 1 in percent, written as in the findings (:func:`audit.analysis.words.percent`)."""
    if share is None or not math.isfinite(share):
        return NOT_MEASURED
    return in_percent(share).replace(" %", f"{NBSP}%")


def span(low: float | None, high: float | None) -> str:
    """Two shares as a range: ``14 to 35 %``."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return NOT_MEASURED
    first, last = percent(low), percent(high)
    return last if first == last else f"{first.removesuffix(f'{NBSP}%')} to {last}"


def of_trials(rate: Rate) -> str:
    """What a rate was counted on: ``14 of 60``."""
    return f"{number(rate.harmful)}{NBSP}of{NBSP}{number(rate.valid)}"


def rate_line(rate: Rate | None) -> str:
    """A rate with all that belongs to it: ``23 % (14 of 60; 95 % interval 14 to 35 %)``."""
    if rate is None:
        return NOT_MEASURED
    if rate.rate is None:
        return f"{NOT_MEASURED} (no valid trial; {plural(rate.missing, 'trial')} without a usable result)"
    return f"{percent(rate.rate)} ({of_trials(rate)}; 95{NBSP}% interval {span(rate.low, rate.high)})"


def number(value: float | None) -> str:
    """A count with thousands set apart; other numbers to three significant digits."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.3g}"


def whole(value: float | None) -> str:
    """A count to the nearest whole number: an estimate has no more to say."""
    return number(None if value is None or not math.isfinite(value) else round(value))


def money(usd: float | None) -> str:
    """US dollars; below ten cents with four digits after the point. None is a price nobody knows."""
    if usd is None or not math.isfinite(usd):
        return UNKNOWN
    if 0 < usd < 0.00005:
        return "under US$ 0.0001".replace(" ", NBSP, 2)
    digits = 4 if 0 < usd < 0.1 else 2
    return f"US${NBSP}{usd:,.{digits}f}"


def duration(seconds: float | None) -> str:
    """A time span in the two largest units that matter: ``2 h 5 min``, ``48 s``."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return UNKNOWN
    if seconds < 10:
        return f"{seconds:.1f}{NBSP}s"
    whole = round(seconds)
    parts = ((whole // 86400, "days"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "min"), (whole % 60, "s"))
    first = next(index for index, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count}{NBSP}{unit}" for count, unit in parts[first : first + 2] if count)


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun: ``1 trial``, ``12 trials``, ``no trials``. ``many`` where an s does not do."""
    noun = one if count == 1 else many or f"{one}s"
    return f"{number(count) if count else 'no'}{NBSP}{noun}"


def day(moment: datetime | None) -> str:
    """A date in words, in UTC: ``21 November 2026``. No locale has a say in it."""
    if moment is None:
        return UNKNOWN
    utc = _utc(moment)
    return f"{utc.day}{NBSP}{_MONTHS[utc.month - 1]} {utc.year}"


def clock(moment: datetime | None) -> str:
    """Date and time in UTC: ``21 November 2026, 04:39 UTC``."""
    return UNKNOWN if moment is None else f"{day(moment)}, {_utc(moment):%H:%M}{NBSP}UTC"


def stamp(moment: datetime) -> str:
    """Date and time in UTC as machines read it: ``2026-11-21T04:39:00Z``."""
    return f"{_utc(moment):%Y-%m-%dT%H:%M:%S}Z"


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def words(value: Any) -> str:
    """A declared value in plain words: lists joined, ``safety_of_life`` without underscores, truth as yes and no.

    Args:
        value: Plain data of a profile or plan. Only single words lose underscores; sentences stay as written.
    """
    if value is None or value == "":
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        inner = [f"{words(key)}: {words(inner)}" for key, inner in value.items()]
        return "; ".join(inner) or "none"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(words(inner) for inner in value) or "none"
    if isinstance(value, int | float):
        return number(value)
    text = str(value)
    return text.replace("_", " ") if re.fullmatch(r"[a-z]+(_[a-z]+)+", text) else text


def plain(value: Any) -> str:
    """A name, or several, exactly as written: tools and capabilities keep their underscores."""
    if isinstance(value, list | tuple):
        return ", ".join(map(plain, value)) or "none"
    return UNKNOWN if value is None or value == "" else str(value)


def sentence(text: str) -> str:
    """A text with a capital at its beginning and a full stop at its end, otherwise as it is."""
    text = text.strip()
    if not text:
        return f"{UNKNOWN.capitalize()}."
    # A closing bracket or quote ends nothing by itself; what stands before it may.
    last = next((c for c in reversed(text) if unicodedata.category(c) not in {"Pe", "Pf"} and c != '"'), " ")
    ended = text if unicodedata.category(last) == "Po" else f"{text}."
    return ended[0].upper() + ended[1:]
