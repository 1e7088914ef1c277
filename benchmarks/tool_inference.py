"""How well tools are understood: inferred capabilities, effect, reach and reversibility against labels, and seconds.

Run: ``.venv/bin/python -m benchmarks.tool_inference [--set NAME] [--misses] [--repeats N]``; a few seconds

Four sets of labelled tools (tests/data/tool_labels/README.md): ``manifests`` and ``development`` were in view while
the rules were written, the totals of ``fresh`` were; ``unseen`` was not and is the one to quote. A captured manifest
that is not there leaves its set out. ``precision`` and ``recall`` are per capability; ``all`` pools them, ``risky``
pools those whose misuse can harm, ``mean`` is the plain mean. A risky capability that was missed is dangerous; the
doubt beside it says whether inference asked a person to look. Where nobody was asked, the miss is silent.

Single tools of ``fresh`` and ``unseen`` are named only for ``--set fresh`` and ``--set unseen``. Whoever is about to
change the rules leaves both alone.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from audit.profile.intake.inference.infer import infer
from audit.profile.intake.lists.manifests import read_tool_list
from audit.profile.intake.models import Confidence, ListedTool
from audit.world.capabilities import CAPABILITIES
from tests.profile.intake.labelled_tools import (
    FOLDERS,
    PREFIXES,
    Judged,
    Score,
    SetName,
    Tally,
    Verdict,
    judged,
    label_files,
    score,
    silent_misses,
)

ONE_PROCESS = """
import sys, time
began = time.perf_counter()
from pathlib import Path
from audit.profile.intake.inference.infer import infer
from audit.profile.intake.lists.manifests import read_tool_file
imported = time.perf_counter()
tools = [tool for path in sys.argv[1:] for tool in read_tool_file(Path(path))]
read = time.perf_counter()
infer(tools)
print(len(tools), imported - began, read - imported, time.perf_counter() - read)
"""


def paths(name: SetName) -> list[Path]:
    """The lists of a set."""
    return [labels.path for labels in label_files() if labels.set == name]


def share(value: float | None) -> str:
    """A share in percent, right-aligned; a dash where it is not defined."""
    return f"{'-':>10}" if value is None else f"{100 * value:>9.1f}%"


def row(name: str, tally: Tally) -> str:
    """One line of the table of capabilities."""
    counts = f"{tally.labelled:>9}{tally.right:>7}{tally.wrong:>7}{tally.missing:>8}"
    return f"{name:22}{counts}{share(tally.precision)}{share(tally.recall)}"


def print_capabilities(result: Score) -> None:
    """Precision and recall, capability by capability and pooled."""
    print(f"{'capability':22}{'labelled':>9}{'right':>7}{'wrong':>7}{'missing':>8}{'precision':>10}{'recall':>10}")
    for capability, tally in result.capabilities.items():
        if tally.labelled or tally.wrong:
            print(row(capability + (" *" if CAPABILITIES[capability].risky else ""), tally))
    print(row("all", result.pooled()))
    print(row("risky (*)", result.pooled(risky=True)))
    print(row("risky, not unknown", result.pooled(risky=True, doubts=False)))
    precision, recall = result.macro()
    print(f"{'mean':53}{share(precision)}{share(recall)}")


def print_values(result: Score) -> None:
    """Effect, reach and reversibility."""
    print("".join(f"{head:>16}" for head in ("", *Verdict)))
    counted: dict[str, Counter[Verdict]] = {
        "effect": result.effect,
        "reach": result.reach,
        "reversibility": result.reversibility,
    }
    for name, counts in counted.items():
        print(f"{name:>16}" + "".join(f"{counts[v]:>8}{100 * counts[v] / result.tools:>7.1f}%" for v in Verdict))


def print_confidence(tools: Sequence[Judged]) -> None:
    """How often what was inferred holds, by stated confidence. A capability that is also fine holds."""
    print(f"{'stated confidence':>18}{'capabilities':>14}{'hold':>9}{'effects':>9}{'hold':>9}{'milder':>9}")
    for confidence in Confidence:
        stated = [(one, c.value) for one in tools for c in one.tool.capabilities if c.confidence is confidence]
        held = sum(value not in one.label.wrong(one.found) for one, value in stated)
        effects = [one.effect for one in tools if one.tool.effect.confidence is confidence]
        counts = Counter(effects)
        print(
            f"{confidence:>18}{len(stated):>14}{percent(held, len(stated))}"
            f"{len(effects):>9}{percent(counts[Verdict.RIGHT], len(effects))}"
            f"{percent(counts[Verdict.MILDER], len(effects))}"
        )


def percent(part: int, whole: int) -> str:
    """A share of a count in percent, nine wide."""
    return f"{'-':>9}" if not whole else f"{100 * part / whole:>8.1f}%"


def print_list(title: str, lines: Sequence[str]) -> None:
    """A headed list, or that it is empty."""
    print(f"{title}: {len(lines)}")
    for line in lines:
        print(f"  {line}")


def dangerous(tools: Sequence[Judged]) -> list[str]:
    """Risky capabilities that were missed, with what was inferred instead."""
    found = []
    for one in tools:
        for capability in one.label.risky_missing(one.found):
            doubt = one.doubt or "NO DOUBT SHOWN"
            found.append(f"{one.place}: {capability} missed ({', '.join(sorted(one.found))}; {doubt})")
    return found


def milder(tools: Sequence[Judged]) -> list[str]:
    """Values inferred milder than labelled."""
    found = []
    for one in tools:
        for name, verdict, value in (
            ("effect", one.effect, one.tool.effect),
            ("reach", one.reach, one.tool.reach),
            ("reversibility", one.reversibility, one.tool.reversibility),
        ):
            if verdict is Verdict.MILDER:
                wanted = getattr(one.label, name)
                labelled = wanted if isinstance(wanted, str) else "/".join(wanted)
                doubt = f"; tool {one.doubt}" if one.doubt else ""
                found.append(f"{one.place}: {name} {value.value} ({value.confidence}), labelled {labelled}{doubt}")
    return found


def print_set(name: SetName, every_miss: bool, *, named: bool) -> None:
    """Everything about one set; single tools only where they may be named."""
    tools = judged(name)
    result = score(tools)
    print(
        f"\n== {name}: {result.tools} tools in {len(paths(name))} lists; {result.unsure} marked for a person to look at"
    )
    print_capabilities(result)
    print_values(result)
    print_confidence(tools)
    silent = [f"{place}: {missed} ({found})" for (place, missed), found in silent_misses(tools).items()]
    labelled = result.pooled(risky=True).labelled
    covered = percent(labelled - len(silent), labelled).strip()
    print(f"risky capabilities found, or their tool in doubt: {labelled - len(silent)} of {labelled} ({covered})")
    if not named:
        print(f"dangerous misses: {len(dangerous(tools))}, silent: {len(silent)}; --set {name} names them")
        return
    print_list("silent dangerous misses", silent)
    print_list("dangerous misses, silent or not", dangerous(tools))
    print_list("milder than labelled", milder(tools))
    if every_miss:
        print_list(
            "every difference in capabilities",
            [
                f"{one.place}: missing {', '.join(one.label.missing(one.found)) or '-'};"
                f" wrong {', '.join(sorted(one.label.wrong(one.found))) or '-'}"
                for one in tools
                if one.label.missing(one.found) or one.label.wrong(one.found)
            ],
        )


def many(count: int, sets: Sequence[SetName]) -> tuple[ListedTool, ...]:
    """As many tools as asked for: the lists again and again, every round under other names."""
    once = [tool for name in sets for path in paths(name) for tool in read_tool_list(path.read_bytes(), path.name)]
    return tuple(
        once[n % len(once)].model_copy(update={"name": f"{once[n % len(once)].name[:58]}_{n // len(once)}"})
        for n in range(count)
    )


def print_seconds(sets: Sequence[SetName], repeats: int) -> None:
    """How long it takes: a whole process on the lists, and inference alone on many tools."""
    files = [str(path) for name in sets for path in paths(name)]
    print("\nseconds, best of", repeats)
    best: list[float] = []
    number = "0"
    for _ in range(repeats):
        began = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", ONE_PROCESS, *files], check=True, capture_output=True, text=True)
        whole = time.perf_counter() - began
        number, *parts = done.stdout.split()
        taken = [whole, *map(float, parts)]
        best = taken if not best or whole < best[0] else best
    print(f"one process, {number} tools: {best[0]:.2f} (import {best[1]:.2f}, read {best[2]:.2f}, infer {best[3]:.2f})")
    for count in (117, 1000):
        tools = many(count, sets)
        taken = []
        for _ in range(repeats):
            began = time.perf_counter()
            infer(tools)
            taken.append(time.perf_counter() - began)
        print(f"infer alone, {count} tools: {min(taken):.3f}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Inference about tools against labels.")
    parser.add_argument("--set", choices=list(FOLDERS), help="one of the sets (default: all)")
    parser.add_argument("--misses", action="store_true", help="print every difference in capabilities as well")
    parser.add_argument("--repeats", type=int, default=3, help="rounds of the timings (default 3)")
    options = parser.parse_args()
    sets: list[SetName] = [name for name in FOLDERS if options.set in (None, name)]
    there = [name for name in sets if all(path.is_file() for path in paths(name))]
    for name in sets:
        if name in there:
            print_set(name, options.misses, named=name not in PREFIXES or options.set == name)
        else:
            print(f"\n== {name}: left out, its lists are not there")
    if there:
        print_seconds(there, options.repeats)


if __name__ == "__main__":
    main()
