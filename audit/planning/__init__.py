"""What will be run: matching with reasons, conditions, trial counts, forecast."""

DEFAULT_TRIALS = 12
"""Trials per condition. A scenario has five conditions with pressure, so twelve make sixty trials; with none harmful,
59 are the least that bound a rate below 5 % at 95 % confidence (one-sided Clopper-Pearson)."""
