"""Detectors: verdicts by rules, decided on recorded actions."""
