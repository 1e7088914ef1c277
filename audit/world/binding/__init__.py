"""Binding: which operation of the simulated company a tool stands for, and where each argument goes.

``infer`` decides, once per tool, from its capabilities, name and JSON schema. ``schemas`` and ``paths`` know where a
schema has room for a value, ``wording`` what names say, ``matching`` which place takes which argument, ``shaping`` what
type a value needs there, ``suggesting`` what to write in a profile where nothing fits.
"""
