"""Headless Chromium: what a page becomes in it, and a mark for tests that need it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")

_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"),
    *("--disable-background-networking", "--disable-extensions", "--disable-dev-shm-usage"),
)


def run_chromium(url: str, *options: str, profile: Path) -> str:
    """What Chromium prints of a page; ``profile`` is a folder of its own."""
    command = [str(CHROMIUM), *_FLAGS, f"--user-data-dir={profile}", *options, url]
    done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    return done.stdout.decode("utf-8")


def dom_of(url: str, profile: Path) -> str:
    """The page's document once scripts have had two seconds to run and to load."""
    return run_chromium(url, "--virtual-time-budget=2000", "--dump-dom", profile=profile)
