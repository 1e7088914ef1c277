"""Tool lists from files.

``manifests`` knows the forms of lists, ``entries`` reads one tool; ``names`` and ``schemas`` mend what model providers
would refuse.
"""
