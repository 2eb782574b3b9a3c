"""Runs every command that the documents show, and fails where one does.

Commands are the blocks marked ``bash`` or ``python``. A document's blocks are run in order in one scratch folder, where
``runs/pocket`` is the run folder of the demo, with this environment's programs first on the path. Documents are run
side by side, one a core, or as many as ``JOBS`` says. Blocks marked ``sh`` are those that set up this repository itself
(``make …``): CI runs them as they are.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
RUNNERS = {"bash": ["bash", "-euo", "pipefail", "-c"], "python": ["python", "-c"]}


def main(documents: list[str]) -> int:
    """Run the blocks of each document; 0 where all succeeded. ``JOBS`` says how many documents at once."""
    # The longest first, so that none is begun last and waited for.
    blocks = {name: BLOCK.findall((ROOT / name).read_text(encoding="utf-8")) for name in documents}
    ordered = sorted(blocks, key=lambda name: -len(blocks[name]))
    with ThreadPoolExecutor(int(os.environ.get("JOBS", len(os.sched_getaffinity(0))))) as pool:
        done = list(pool.map(lambda name: run(name, blocks[name]), ordered))
    failed = [name for name, ran in zip(ordered, done, strict=True) if not ran]
    if failed:
        print(f"\nA block failed in {', '.join(failed)}.", file=sys.stderr)
        return 1
    passed = sum(map(len, blocks.values()))
    print(f"\nAll {passed} blocks of the documents ran.")
    return 0 if passed else 1


def run(document: str, blocks: list[tuple[str, str]]) -> bool:
    """Run a document's blocks up to the first that fails, each printed with its output when it is done."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "runs").mkdir()
        (folder / "runs" / "pocket").symlink_to(ROOT / "runs" / "pocket")
        for language, block in blocks:
            started = time.monotonic()
            done = subprocess.run(
                [*RUNNERS[language], block],
                cwd=folder,
                env=environment,
                check=False,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
            said = f"exit code {done.returncode}, " if done.returncode else ""
            seconds = time.monotonic() - started
            print(f"\n{document}:\n{block.rstrip()}\n{done.stdout}({said}{seconds:.0f} s)", flush=True)
            if done.returncode:
                return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
