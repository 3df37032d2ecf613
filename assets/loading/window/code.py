"""Tells the code that makes records of answers from any other."""

import hashlib
from pathlib import Path

CODE = [Path(__file__).parents[3] / name for name in ("assets", "resources")]


def _digest() -> str:
    found = hashlib.sha256()
    for folder in CODE:
        for file in sorted(folder.rglob("*.py")):
            found.update(f"{file.relative_to(folder)}\0".encode())
            found.update(file.read_bytes())
    return found.hexdigest()


DIGEST = _digest()
"""Of all that loads, the vendors included, as it was when this process began: a clone may be pulled
while it runs. A version wouldn't do, as such a clone keeps its own.
"""
