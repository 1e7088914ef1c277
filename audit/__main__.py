"""``python -m audit`` is ``insider-audit``."""

from audit.cli.main import main

main()
