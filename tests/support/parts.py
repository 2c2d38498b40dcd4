"""Programs and packages outside this project that some tests need, and how to install them."""

import shutil
import subprocess
from importlib.util import find_spec

import pytest

CHROMIUM = "chromium-headless-shell"  # without windows, which cost more than the pages in them
JAPANESE_FONT = "a Japanese font"
APT = {
    JAPANESE_FONT: "fontconfig fonts-noto-cjk",
    "audacious": "audacious audacious-plugins",
    "dbus-run-session": "dbus-daemon",
    "mpd": "mpd",
    "mpv": "mpv",
    "pdftotext": "poppler-utils",
    "supysonic-server": "supysonic python3-waitress",
    "vlc": "vlc-bin vlc-plugin-base",
}
PIP = {"axe_playwright_python": "dev", "distributed": "cluster", "playwright": "dev"}


def needs(*names: str) -> pytest.MarkDecorator:
    """Return a mark that skips where one of these parts is missing, and says how to install it."""
    gone = [name for name in names if not _is_installed(name)]
    reason = ", ".join(f"{name} is not installed: {_command(name)}" for name in gone)
    return pytest.mark.skipif(bool(gone), reason=reason)


def _is_installed(name: str) -> bool:
    if name in PIP:
        return find_spec(name) is not None
    if name == JAPANESE_FONT:
        command = ["fc-list", ":lang=ja"]
        return bool(shutil.which("fc-list") and subprocess.check_output(command))
    return shutil.which(name) is not None


def _command(name: str) -> str:
    if name in PIP:
        return f"pip install -e '.[{PIP[name]}]'"
    return f"apt-get install {APT.get(name, name)}"
