"""The glossary names modules that exist, and each word once."""

import re
from importlib.util import find_spec

from resources.configuration.home import CHECKOUT

GLOSSARY = (CHECKOUT / "docs/developers/glossary.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([^|]+?) \| [^|]+ \| `([\w.]+)` \|$", GLOSSARY, re.MULTILINE)


def test_every_word_is_there_once_and_where_it_says() -> None:
    words = [word for words, _ in ROWS for word in words.split(", ")]
    assert len(words) > 30
    assert len(set(words)) == len(words)
    assert not [module for _, module in ROWS if find_spec(module) is None]
