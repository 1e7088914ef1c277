"""Prompts that the study "Agentic Misalignment" (Lynch et al. 2025) released become a scenario pack.

Nothing of the study is shipped: the texts are read from the user's own copy of the release and written where the user
says. What is known about their situations in advance (whom it is about, which code cancels what) stands in ``kinds``.
"""
