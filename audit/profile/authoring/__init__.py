"""Authoring: from answers and a tool list to a commented profile.

``questions`` holds what is asked, ``answers`` reads and checks each answer, ``interview`` decides what is asked next,
``draft`` keeps answers between sessions, ``writing`` and ``tool_yaml`` write the file. Nothing here speaks to a
terminal.
"""
