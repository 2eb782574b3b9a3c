"""Runs every command that the documents show, and stops at the first that fails.

Commands are the blocks marked ``bash`` or ``python``. A document's blocks are run in order in one scratch folder, where
``runs/pocket`` is the run folder of the demo, with this environment's programs first on the path. Blocks marked ``sh``
are those that set up this repository itself (``make …``): CI runs them as they are.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
RUNNERS = {"bash": ["bash", "-euo", "pipefail", "-c"], "python": ["python", "-c"]}


def main(documents: list[str]) -> int:
    """Run the blocks of each document; 0 where all succeeded."""
    root = Path(__file__).resolve().parents[1]
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    passed = 0
    for document in documents:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            (folder / "runs").mkdir()
            (folder / "runs" / "pocket").symlink_to(root / "runs" / "pocket")
            for language, block in BLOCK.findall((root / document).read_text(encoding="utf-8")):
                print(f"\n{document}:\n{block.rstrip()}", flush=True)
                started = time.monotonic()
                done = subprocess.run([*RUNNERS[language], block], cwd=folder, env=environment, check=False)
                if done.returncode:
                    print(f"{document}: that block ended with exit code {done.returncode}", file=sys.stderr)
                    return 1
                print(f"({time.monotonic() - started:.0f} s)", flush=True)
                passed += 1
    print(f"\nAll {passed} blocks of the documents ran.")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
