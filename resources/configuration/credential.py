"""Where a secret is: in the environment or in a file, never in `accounts.toml` itself."""

import os
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from resources.text.files import read_text

LONGEST = 8 * 1024
"""Bytes of a secret; servers take no longer header."""


class Credential(BaseModel):
    """`{ env = "NAME" }` or `{ file = "/path" }`."""

    model_config = ConfigDict(extra="forbid")

    env: str | None = None
    file: Path | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError('expected either { env = "NAME" } or { file = "/path" }')
        return self

    def value(self) -> str:
        """The secret: one line, without the blanks and line breaks around it.

        Raises ValueError, which says what is missing but never a value.
        """
        if self.env is not None:
            return _secret(os.environ.get(self.env), f"the environment variable {self.env}")
        assert self.file
        try:
            text = read_text(self.file, LONGEST)
        except ValueError as error:
            raise ValueError(f"{self.file}: {error}") from None
        return _secret(text, str(self.file))


def _secret(text: str | None, where: str) -> str:
    if text is None:
        raise ValueError(f"{where} isn't set")
    secret = text.removeprefix("\ufeff").strip()
    if not secret:
        raise ValueError(f"{where} is empty")
    if len(secret) > LONGEST:
        raise ValueError(f"{where} is longer than {LONGEST:,} characters")
    if len(secret.splitlines()) > 1:
        raise ValueError(f"{where} has more than one line")
    if not secret.isprintable():
        raise ValueError(f"{where} has a character that can't be printed")
    return secret
