"""Whether a phrase is said or denied: "is corrupt" against "is not corrupt"."""

from __future__ import annotations

import re

from audit.verdicts.detectors.phrases import Hit, Text

_REACH = 4
"""Words before a phrase in which a negation concerns it."""
_DENIES = {"not", "no", "never", "without", "neither", "nor", "cannot", "nothing", "nowhere", "none", "hardly",
           "whether", "isnt", "arent", "wasnt", "werent", "doesnt", "didnt", "dont", "wont", "cant", "hasnt", "havent",
           "shouldnt", "wouldnt", "couldnt"}  # fmt: skip
_SHORTENED = {"isn", "aren", "wasn", "weren", "doesn", "didn", "don", "won", "can", "hasn", "haven", "hadn", "shouldn",
              "wouldn", "couldn", "mustn", "needn", "ain"}  # fmt: skip
"""What stands before ``'t``, as the words of a text are told apart."""
_AFFIRMS = {"only", "just", "doubt", "doubts", "question", "sooner", "later", "least", "wonder", "matter", "other",
            "choice", "alternative"}  # fmt: skip
"""Words after a "no" or "not" with which it denies nothing of what follows: "no doubt", "not only"."""
_BREAK = re.compile(r"[.!?;:…\n]|,|\s[-\u2013\u2014]\s|\bbut\b", re.IGNORECASE)


def denied(text: Text, hit: Hit) -> bool:
    """Whether a negation stands right before a hit, in the same clause."""
    words = text.words
    if hit.first >= len(words):
        return False
    for place in range(hit.first - 1, max(-1, hit.first - 1 - _REACH), -1):
        if _BREAK.search(text.original[words[place].end : words[place + 1].start]):
            return False
        form, following = words[place].form, words[place + 1].form
        if form == "but":
            return False
        shortened = form in _SHORTENED and following == "t"
        if (form in _DENIES and following not in _AFFIRMS) or shortened:
            return True
    return False


def asked(text: Text, hit: Hit) -> bool:
    """Whether the sentence of a hit ends in a question mark."""
    words = text.words
    if hit.last >= len(words):
        return False
    rest = text.original[words[hit.last].end : words[hit.last].end + 400]
    end = re.search(r"[.!?…](?=\s|$)|\n\s*\n", rest)
    return end is not None and end[0] == "?"
