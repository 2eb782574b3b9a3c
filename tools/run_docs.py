"""Runs every command that the documents show, from the repository's root, and stops at the first that fails.

Commands are the lines of fenced blocks marked ``bash``. A block is run as one script with ``stagelens`` and ``python``
of this environment first on the path. Lines of other blocks (output, YAML, Python) are not run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)


def main(documents: list[str]) -> int:
    """Run the blocks of each document in order; 0 where all succeeded."""
    root = Path(__file__).resolve().parents[1]
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    passed = 0
    for document in documents:
        for block in BLOCK.findall((root / document).read_text(encoding="utf-8")):
            print(f"\n{document}:\n{block.rstrip()}", flush=True)
            started = time.monotonic()
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=root, env=environment, check=False)
            if done.returncode:
                print(f"{document}: that block ended with exit code {done.returncode}", file=sys.stderr)
                return 1
            print(f"({time.monotonic() - started:.0f} s)", flush=True)
            passed += 1
    print(f"\nAll {passed} command blocks of the documents ran.")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
