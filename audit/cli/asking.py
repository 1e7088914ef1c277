"""Questions on the terminal: one step in, one answer out. What is asked, and why, is decided in profile/authoring."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from audit.cli.output import clean, err
from audit.profile.authoring.answers import AnswerError
from audit.profile.authoring.interview import Move, Session, heading, shown
from audit.profile.authoring.steps import Form
from audit.profile.vocabulary import UNKNOWN

if TYPE_CHECKING:
    from audit.profile.authoring.sources import Sources
    from audit.profile.authoring.steps import Step

_BACK = "<"
_REST = ">"
HELP = (
    "Enter takes what is filled in. `unknown` answers any question; in texts `<` goes back and `>` leaves the rest of"
    " the section unknown. Ctrl-C leaves: your answers are kept."
)


class Terminal:
    """Asks a person.

    Args:
        sources: checks the names of files as they are typed.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._heading = ""
        self._console = err()

    def ask(self, step: Step, session: Session) -> Any:
        """Ask one question.

        Returns:
            The value to keep, or a :class:`Move`.

        Raises:
            KeyboardInterrupt: the person leaves.
        """
        title = heading(step)
        if title != self._heading:
            done, total = session.progress()
            self._console.print(f"\n[{done} of {total}] {clean(title)}", style="bold")
            self._heading = title
        self._console.print(f"  {clean(step.explain)}", style="dim")
        try:
            if step.form is Form.TEXT:
                return self._text(step, session)
            return self._one(step, session) if step.form is Form.ONE_OF else self._some(step, session)
        except EOFError:
            raise KeyboardInterrupt from None

    def _text(self, step: Step, session: Session) -> Any:
        import questionary

        again = step.key in session.later

        def judged(typed: str) -> bool | str:
            if _move(step, typed, again=again) is not None:
                return True
            try:
                self._sources.accept(step, typed)
            except AnswerError as error:
                return clean(str(error).replace("\n", "  "))
            return True

        filled = shown(step, session.before.get(step.key, step.default))
        typed = questionary.text(clean(step.ask), default=filled, validate=judged, qmark="?").unsafe_ask()
        move = _move(step, typed, again=again)
        return move if move is not None else self._sources.accept(step, typed)

    def _one(self, step: Step, session: Session) -> Any:
        import questionary

        rows: list[Any] = [questionary.Choice(clean(choice.label), choice.value) for choice in step.choices]
        rows.append(questionary.Separator())
        if not step.section.startswith("tools"):
            rows.append(questionary.Choice("(leave the rest of this section unknown)", Move.REST_UNKNOWN))
        rows.append(questionary.Choice("(back to the question before)", Move.BACK))
        wanted = session.before.get(step.key, step.default)
        values = [choice.value for choice in step.choices]
        default = wanted if wanted in values else UNKNOWN if UNKNOWN in values else values[0]
        return questionary.select(clean(step.ask), rows, default=default, qmark="?").unsafe_ask()

    def _some(self, step: Step, session: Session) -> Any:
        import questionary

        ticked = session.before.get(step.key, step.default) or ()
        rows = [questionary.Choice(clean(c.label), c.value, checked=c.value in ticked) for c in step.choices]
        rows.append(questionary.Choice("(back to the question before)", Move.BACK))

        def enough(chosen: list[Any]) -> bool | str:
            return True if Move.BACK in chosen or len(chosen) >= step.least else "tick at least one, with the space bar"

        chosen = questionary.checkbox(clean(step.ask), rows, validate=enough, qmark="?").unsafe_ask()
        return Move.BACK if Move.BACK in chosen else chosen

    def resume(self, path: str) -> bool:
        """Whether to go on with the answers of an earlier session."""
        import questionary

        rows = [questionary.Choice("go on with them", True), questionary.Choice("start anew", False)]
        with contextlib.suppress(EOFError):
            return bool(
                questionary.select(f"{path} holds answers of an earlier session.", rows, qmark="?").unsafe_ask()
            )
        raise KeyboardInterrupt


def _move(step: Step, typed: str, *, again: bool) -> Move | None:
    """What a typed text says instead of an answer."""
    word = typed.strip().lower()
    if word == _BACK:
        return Move.BACK
    if word == _REST and not step.required:
        return Move.REST_UNKNOWN
    if step.required and not again and word in {"", UNKNOWN}:
        return Move.LATER
    return None
