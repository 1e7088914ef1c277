"""What a run should take and what it took, at the terminal; and the pace of earlier runs that the former rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.cli.output import clean, err, table

if TYPE_CHECKING:
    from rich.console import Console

    from audit.analysis.models import UsageComparison, UsageItem
    from audit.planning.forecast import Speed
    from audit.planning.models import Forecast
    from audit.profile.models import ModelSettings
    from audit.store.repository import Repository


def stored_speed(db: str | None, model: ModelSettings, judge: ModelSettings | None, concurrency: int) -> Speed:
    """The pace of a run, from earlier runs where there are any. No database is made; a fault is only said."""
    from audit.errors import StoreError
    from audit.planning.forecast import Speed
    from audit.store.repository import open_existing

    if model.simulated and judge is None:
        return Speed(concurrency)
    try:
        repository = open_existing(db)
        if repository is None:
            return Speed(concurrency)
        with repository:
            return speed(repository, model, judge, concurrency)
    except StoreError as error:
        err().print(clean(f"earlier runs are not used for the time to expect: {error}"))
        return Speed(concurrency)


def speed(repository: Repository, model: ModelSettings, judge: ModelSettings | None, concurrency: int) -> Speed:
    """The pace of a run, from the runs in an open database."""
    from audit.planning.forecast import Speed

    target = None if model.simulated else repository.pace(model.id, model.api_base)
    return Speed(concurrency, target, repository.pace(judge.id, judge.api_base) if judge else None)


def forecast_lines(cast: Forecast) -> list[str]:
    """What a run should take, one subject a line."""
    tokens = f"tokens: about {cast.input_tokens:,} in and {cast.output_tokens:,} out for the target"
    if cast.cacheable_tokens:
        tokens += f", of those in {cast.cacheable_tokens:,} that a prompt cache can serve"
    cost = f"cost: target {_money(cast.cost_usd)}"
    if cast.cost_with_caching_usd is not None and cast.cacheable_tokens:
        cost += f", {_money(cast.cost_with_caching_usd)} with everything cached that can be"
    elif cast.cost_usd is not None and cast.cacheable_tokens:
        cost += " (no price known for cached tokens)"
    if cast.judge_calls:
        tokens += f"; {cast.judge_input_tokens:,} in and {cast.judge_output_tokens:,} out for the judge"
        cost += f"; judge {_money(cast.judge_cost_usd)}"
    time = duration_words(cast.seconds)
    return [
        f"calls: about {cast.target_calls:,} of the target, {cast.judge_calls:,} of the judge",
        tokens,
        cost,
        f"time: {time} ({cast.seconds_basis})" if cast.seconds_basis else f"time: {time}",
        f"basis: {cast.basis}",
    ]


def total_cost(cast: Forecast) -> str:
    """Target and judge together, without caching, in US dollars; short, for a table."""
    if cast.cost_usd is None or cast.judge_cost_usd is None:
        return "unknown"
    total = cast.cost_usd + cast.judge_cost_usd
    return f"{total:,.4f}" if 0 < total < 0.1 else f"{total:,.2f}"


def duration_words(seconds: float | None) -> str:
    """A time to expect; short, for a table."""
    return "unknown" if seconds is None else f"about {_duration(seconds)}"


def print_comparison(console: Console, compared: UsageComparison) -> None:
    """The forecast beside what was used."""
    rows = [
        (item.label, _shown(item, item.forecast), _shown(item, item.actual), _ratio(item.ratio))
        for item in compared.items
    ]
    columns = ["", "forecast", "used", "used / forecast"]
    console.print(table("Forecast and real use", columns, rows, numbers=[1, 2, 3]))
    for note in compared.notes:
        console.print(clean(note))


def _shown(item: UsageItem, value: float | None) -> str:
    from audit.reporting.text import NBSP, duration, money, whole

    write = {"count": whole, "usd": money, "seconds": duration}[item.unit]
    return write(value).replace(NBSP, " ")


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _money(value: float | None) -> str:
    if value is None:
        return "unknown (no price known for the model)"
    return f"{value:,.4f} US dollars" if 0 < value < 0.1 else f"{value:,.2f} US dollars"


def _duration(seconds: float) -> str:
    from audit.reporting.text import NBSP, duration

    return duration(seconds).replace(NBSP, " ")
