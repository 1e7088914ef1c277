"""How long a report takes: seconds per format, pages and size, for a result of a given number of scenarios.

Run: ``.venv/bin/python -m benchmarks.report [--scenarios N] [--repeats N]``; about half a minute

The result is the realistic one of the tests, its scenarios repeated under other ids. The first round loads matplotlib
and WeasyPrint and is printed apart.
"""

from __future__ import annotations

import argparse
import io
import resource
import tempfile
import time
from pathlib import Path

import pikepdf

from audit.analysis.models import AuditResult
from audit.reporting.render import FORMATS, write_report
from tests.reporting.audit_results import changed, realistic


def enlarged(scenarios: int) -> AuditResult:
    """The realistic result with as many scenarios as asked for."""
    result = realistic()
    behaviours, conditions, findings = [], [], []
    for number in range(scenarios):
        one = result.behaviours[number % 3]
        name = one.scenario if number < 3 else f"{one.scenario}_{number}"
        behaviours.append(one.model_copy(update={"scenario": name}))
        conditions += [
            row.model_copy(update={"scenario": name, "condition": row.condition.replace(one.scenario, name)})
            for row in result.conditions
            if row.scenario == one.scenario
        ]
        finding = next(f for f in result.findings if f.scenario == one.scenario)
        findings.append(finding.model_copy(update={"scenario": name, "id": f"F{number + 1}"}))
    return changed(
        result,
        {"behaviours": tuple(behaviours), "conditions": tuple(conditions), "findings": tuple(findings)},
    )


def pages(pdf: bytes) -> int:
    """Pages of a PDF."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return len(document.pages)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Seconds that each report format takes.")
    parser.add_argument("--scenarios", type=int, default=3, help="scenarios in the result (default 3)")
    parser.add_argument("--repeats", type=int, default=3, help="rounds after the first (default 3)")
    options = parser.parse_args()
    result = enlarged(options.scenarios)
    print(f"{len(result.behaviours)} scenarios, {len(result.conditions)} conditions, {len(result.findings)} findings")
    print(f"{'format':8}{'first s':>9}{'best s':>9}{'bytes':>10}{'pages':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for name in reversed(FORMATS):
            taken = []
            for _ in range(1 + options.repeats):
                began = time.perf_counter()
                (path,) = write_report(result, Path(folder) / "report", [name])
                taken.append(time.perf_counter() - began)
            data = path.read_bytes()
            shown = pages(data) if name == "pdf" else "-"
            print(f"{name:8}{taken[0]:>9.2f}{min(taken[1:] or taken):>9.2f}{len(data):>10}{shown:>7}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
