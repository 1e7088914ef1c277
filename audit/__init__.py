"""insider-audit: stress-test an enterprise AI agent for insider risk.

One folder per step, named after what flows out of it:
profile -> planning -> trials -> verdicts -> analysis -> reporting.
"""

__version__ = "0.1.0"
