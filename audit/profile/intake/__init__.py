"""Intake: tool lists as they exist in the world become tools of a profile.

``manifests`` reads the known formats, ``inference`` says what each tool lets an agent do and why.
"""
