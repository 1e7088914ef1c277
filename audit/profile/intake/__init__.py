"""Intake: tool lists as they exist in the world become tools of a profile.

``sources`` gathers lists from files (``lists``) and running servers (``servers``). ``inference`` says what each tool
lets an agent do and why; ``proposals`` lets a model point at what the rules may have missed.
"""
