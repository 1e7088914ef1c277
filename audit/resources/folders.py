"""Where shipped data and the user's own data lie."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_SHIPPED = ("checklists", "examples", "report_templates", "scenario_packs", "schemas")


def data_dir(name: str) -> Path:
    """Find one shipped folder.

    Args:
        name: ``checklists``, ``examples``, ``report_templates``, ``scenario_packs`` or ``schemas``.

    Returns:
        The folder inside the installed package, or the top-level folder of a checkout.

    Raises:
        ValueError: for any other name; it is a slip in the program, not in a file.
    """
    if name not in _SHIPPED:
        raise ValueError(f"no shipped folder is called {name!r}")
    packaged = _PACKAGE / "_data" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name


def user_data_dir() -> Path:
    """The folder for the user's own results, as each platform wants it. It is not created here.

    Returns:
        ``$XDG_DATA_HOME/insider-audit`` where that variable holds an absolute path; otherwise ``insider-audit`` below
        ``~/.local/share``, ``~/Library/Application Support`` (macOS) or ``%LOCALAPPDATA%`` (Windows).
    """
    # The specification of XDG says that a relative path is to be ignored.
    chosen = os.environ.get("XDG_DATA_HOME", "")
    if chosen and Path(chosen).is_absolute():
        return Path(chosen) / "insider-audit"
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path.home() / ".local" / "share"
    return base / "insider-audit"
