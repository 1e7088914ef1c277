"""What an episode tells about its own messages, files and alerts, so that later acts on them can be understood."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from audit.verdicts.models import Case, Episode
from audit.world.actions import Action
from audit.world.binding.paths import opened
from audit.world.capabilities import Capability


@dataclass
class Mail:
    """A message, as far as it is known."""

    sender: str = ""
    body: str = ""
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Copy:
    """A file the agent wrote.

    Attributes:
        index: The action that wrote it.
        names: Path, last part of the path and id, in lower case.
        texts: What was written.
        effective: Whether it was written, or only asked for.
        replaces: Whether nothing of an earlier file of that name is left.
    """

    index: int
    names: frozenset[str]
    texts: tuple[str, ...]
    effective: bool
    replaces: bool


@dataclass
class Known:
    """What the tools' own results and the agent's own acts tell, so that an act a control held can be understood."""

    mails: dict[str, Mail] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    """Cancellation code -> id of the alert."""
    alerts: dict[str, str] = field(default_factory=dict)
    """Id and title of every alert that was shown, in lower case -> its id."""
    files: list[Copy] = field(default_factory=list)

    @classmethod
    def of(cls, case: Case, episode: Episode) -> Known:
        """Collect it from the case and from everything the target read and wrote."""
        known = cls({message: Mail(sender=sender) for message, sender in case.senders.items()})
        for action in episode.actions:
            capabilities = capabilities_of(action)
            if capabilities & {Capability.EMAIL_READ, Capability.ALERT_READ} and action.disposition.took_effect:
                known._note(result_of(action), alerts=Capability.ALERT_READ in capabilities)
            if action.operation is not None and action.operation.startswith("email."):
                known._sent(action)
            if _writes_file(action, capabilities):
                known.files.append(_copy(action))
        return known

    def copies(self, names: Iterable[str], before: int | None, *, left: bool) -> list[str]:
        """Texts of the agent's own files of these names, as they were before an action (None: at any time).

        With ``left`` only what was really written and not replaced again counts, else everything it asked for.
        """
        wanted = set(names)
        found = [
            copy
            for copy in self.files
            if copy.names & wanted and (before is None or copy.index < before) and (copy.effective or not left)
        ]
        if left and before is not None:
            last = max((i for i, copy in enumerate(found) if copy.replaces), default=0)
            found = found[last:]
        return [text for copy in found for text in copy.texts]

    def _note(self, result: Any, *, alerts: bool) -> None:
        for entry in result if isinstance(result, list) else [result]:
            if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
                continue
            if isinstance(code := entry.get("code"), str) and code:
                self.codes[code.strip().casefold()] = entry["id"]
            if isinstance(entry.get("from"), str):
                mail = self.mails.setdefault(entry["id"], Mail())
                mail.sender = entry["from"]
                if isinstance(entry.get("body"), str):
                    mail.body = entry["body"]
                    attached = entry.get("attachments", [])
                    mail.attachments = tuple(
                        a["id"] for a in attached if isinstance(a, dict) and isinstance(a.get("id"), str)
                    )
            elif alerts:
                self.alerts[entry["id"].strip().casefold()] = entry["id"]
                if isinstance(title := entry.get("title"), str) and title.strip():
                    self.alerts[title.strip().casefold()] = entry["id"]

    def _sent(self, action: Action) -> None:
        """A mail of the agent's own: whoever gets it forwarded gets its text."""
        sent = [result["id"] for result in results_of(action) if isinstance(result.get("id"), str)]
        if not action.disposition.took_effect:
            return
        made = [c.after for c in action.changes if c.path.startswith("messages[") and isinstance(c.after, dict)]
        for position, identity in enumerate(sent):
            # Of a call that sent several, each has its own text; where the record does not say which, it has them all.
            own = next((one for one in made if one.get("id") == identity), None)
            one = own or (made[position] if len(made) == len(sent) else {})
            self._sent_one(action, identity, one)

    def _sent_one(self, action: Action, identity: str, made: dict[str, Any]) -> None:
        mail = self.mails.setdefault(identity, Mail())
        values = {**action.arguments, **made}
        if action.operation == "email.forward" and not made:
            handles = [text.strip() for text in strings(action.arguments.get("message"))]
            originals = [self.mails[handle] for handle in handles if handle in self.mails]
            values |= {
                "body": "\n\n".join([*strings(values.get("body")), *(original.body for original in originals)]),
                "attachments": [name for original in originals for name in original.attachments],
            }
        if not mail.body:
            mail.body = "\n".join(strings(values.get("body")))
            mail.attachments = tuple(strings(values.get("attachments")))


def capabilities_of(action: Action) -> frozenset[Capability]:
    """Everything that the tool of an action lets an agent do; empty when the tool is unknown."""
    own = {action.capability} if action.capability is not None else set()
    return frozenset({*action.capabilities, *own})


def strings(value: Any) -> Iterator[str]:
    """Every string and number inside a value, however deep, in order; numbers as text."""
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, str):
            yield current
        elif isinstance(current, int | float) and not isinstance(current, bool):
            yield str(current)
        elif isinstance(current, dict):
            waiting += reversed(list(current.values()))
        elif isinstance(current, list | tuple):
            waiting += reversed(current)


def texts_in(value: Any) -> Iterator[str]:
    """As ``strings``; where a text holds JSON, also every string inside it. Each once."""
    yield from dict.fromkeys([*strings(value), *strings(opened(value))])


def results_of(action: Action) -> list[dict[str, Any]]:
    """What the tool answered, entry by entry where one call did the same to several items."""
    result = result_of(action)
    return [entry for entry in (result if isinstance(result, list) else [result]) if isinstance(entry, dict)]


def result_of(action: Action) -> Any:
    """What the tool answered, None where that is no JSON."""
    try:
        return json.loads(action.result)
    except (ValueError, RecursionError):
        return None


def _writes_file(action: Action, capabilities: frozenset[Capability]) -> bool:
    if action.operation is not None:
        return action.operation == "file.write"
    return Capability.FILE_WRITE in capabilities


def _copy(action: Action) -> Copy:
    given = list(dict.fromkeys(strings([action.arguments, action.call.arguments])))
    bound = action.operation == "file.write"
    handles = list(strings(action.arguments.get("path"))) if bound else given
    handles += [result["id"] for result in results_of(action) if isinstance(result.get("id"), str)]
    names = {handle.strip().casefold() for handle in handles if len(handle) <= 400}
    names |= {name.rsplit("/", 1)[-1] for name in names}
    return Copy(
        index=action.index,
        names=frozenset(name for name in names if name),
        texts=tuple(strings(action.arguments.get("content"))) if bound else tuple(given),
        effective=action.disposition.took_effect,
        replaces=bound and action.disposition.took_effect,
    )
