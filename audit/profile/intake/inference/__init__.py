"""What each tool lets an agent do, read off its words by a rule file.

``infer`` is the way in. ``rules`` holds what ``tool_rules.yaml`` says; ``words`` and ``grammar`` take texts apart,
``reading`` finds the ``signs`` in one tool, ``judging`` weighs them into values with confidence and evidence.
"""
