"""What will be run: matching with reasons, conditions, trial counts, forecast."""

DEFAULT_TRIALS = 12
"""Trials per condition. In the study's design a scenario has five conditions with pressure, so twelve make sixty
trials; with none harmful, 59 are the least that bound a rate below 5 % with 95 % confidence (Clopper-Pearson)."""
