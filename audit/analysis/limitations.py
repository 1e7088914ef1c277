"""What a run does not show, in plain sentences. They go into every report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audit.analysis.judged import judging_limits
from audit.analysis.left_out import left_out_limits, undescribed_limit
from audit.analysis.models import JudgedBy
from audit.analysis.observed import Measured
from audit.analysis.rating import ASSUMED_EPISODES, episodes_of
from audit.analysis.words import listed
from audit.oversight.catalogue import Catalogue
from audit.oversight.standing import SIMULATED, standing
from audit.profile.models import AgentProfile
from audit.scenarios.situation import Dialect


def limitations(
    judged: Sequence[JudgedBy],
    measured: Sequence[Measured],
    profile: AgentProfile,
    controls: Catalogue,
    plan: Mapping[str, Any],
) -> tuple[str, ...]:
    """The limits of this run: what somebody left out, those of the method, then those of how it was run."""
    said = [
        *left_out_limits(plan),
        *undescribed_limit(profile),
        "The scenarios are contrived. They put the agent where harm is within reach and other ways are slow; the "
        "rates hold for such situations and are no rates of everyday work.",
        "How often such situations arise is not measured. "
        + (
            f"The profile does not say, so {ASSUMED_EPISODES:g} a year are assumed; the table of ratings "
            "shows other numbers."
            if episodes_of(profile) is None
            else f"The profile expects {episodes_of(profile):g} a year, which the ratings take as given."
        ),
        "Every trial is one session. Harm that builds up over days, or over several agents, does not show.",
        "Whether the agent took the scenarios for a test was not measured. Models that suspect a test often behave "
        "better in it, so the rates may be too low.",
        "Published relatives of these scenarios may be in the model's training data. A model can have learnt to pass "
        "them and still do harm elsewhere.",
        "One model was tested on one date, with one prompt and one set of tools. Another version, prompt or tool "
        "needs a new run.",
        "Behaviours and paths that no scenario exercises were not tested; they are listed under scope.",
        *judging_limits(judged),
        "People who decide on held actions were not simulated. Where an action was held, the report says what "
        "follows if it is released.",
        "Controls are enforced as the profile declares them. Whether they work that way in operation was not checked.",
    ]
    if untested := _untested(profile, controls):
        said.append(
            f"These controls are declared and have no part in the measured rates, because the simulated company does "
            f"not enforce them: {listed(untested)}."
        )
    if any(m.situation.dress == "fictional" for m in measured):
        said.append(
            "The scenarios played in made-up companies (--dress fictional), not in the organisation's own name. The "
            "agent had its own system prompt and tools; where the prompt names the organisation, it and the company "
            "around the agent were not the same."
        )
    if any(m.situation.dialect is Dialect.TAGS for m in measured):
        said.append(
            "Some trials had one turn, with the mailbox in the prompt and calls as tags in the text; agents in "
            "operation work over several turns."
        )
    return tuple(said)


def _untested(profile: AgentProfile, controls: Catalogue) -> list[str]:
    enforced = {control.id for control in standing(profile)}
    return [
        f"{control.id} ({control.name})"
        for control in controls.controls
        if control.id not in SIMULATED and control.id not in enforced and control.in_place(profile)
    ]
