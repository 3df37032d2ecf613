"""Which error an answer is that isn't what the vendor's document shows."""

from collections.abc import Callable
from urllib.parse import urlsplit

from resources.errors import (
    ContractError,
    DoubtfulRefusalError,
    PageRefusedError,
    PermanentError,
    ThrottledError,
    TransientError,
    VendorError,
    WindowTooLargeError,
)
from resources.http import failures, words
from resources.http.answer import KEPT_OF_A_BODY, PAUSES, Answer, retry_after
from resources.http.words import Meaning
from resources.text.foreign_text import without_last_number
from resources.text.payload import Json

TOO_MUCH = {413}
"""Statuses that can say so of a window."""
TOO_DEEP = {400, 404, 413, 414, 416, 422}
"""And of a page beyond its first: the same question was understood with an earlier place in it."""
IsOwn = Callable[[Answer], bool]
"""Whether an answer is the vendor's own, as its document shows them."""


def refuse_page(
    answer: Answer, what: str, is_own: IsOwn | None = None, *, before: int
) -> VendorError:
    """`refuse` for a page of a window, `before` which so many pages of it came: some statuses can
    mean that less is to be asked for.
    """
    if answer.status in (TOO_DEEP if before else TOO_MUCH):
        answered = f"HTTP {answer.status}{answer.words}"
        kind = PageRefusedError if before else WindowTooLargeError
        return kind(f"{what}: page {before + 1} is too much at once ({answered})")
    return refuse(answer, what, is_own)


def refuse(answer: Answer, what: str, is_own: IsOwn | None = None) -> VendorError:
    """The error that a status means when the vendor's document gives it no other meaning.

    `is_own` is asked of a 401 or 403; without it `speaks_of_credentials` is.
    """
    status, answered = answer.status, f"HTTP {answer.status}{answer.words}"
    refuses = status in (401, 403)
    asks_for_pause = answer.asks_for_pause
    if refuses and not asks_for_pause and (is_own or speaks_of_credentials)(answer):
        return PermanentError(f"{what}: the vendor refuses the credentials ({answered})")
    if status in PAUSES or asks_for_pause or (refuses and retry_after(answer)):
        return ThrottledError(f"{what}: the vendor asks for a pause ({answered})")
    if status in (408, 425) or status >= 500:
        return TransientError(f"{what}: {answered}")
    if status == 407:
        return TransientError(f"{what}: a proxy in between wants a log-in ({answered})")
    if refuses:
        return DoubtfulRefusalError(
            f"{what}: {answered}, which isn't the vendor's own answer: does a firewall or a proxy "
            "stand in between?"
        )
    return ContractError(f"{what}: {_oddity(answer, answered)}", _kept(answer.body))


def _kept(body: bytes | bytearray) -> bytes | bytearray:
    if len(body) <= KEPT_OF_A_BODY:
        return body
    return without_last_number(body[:KEPT_OF_A_BODY].decode("utf-8", "replace")).encode()


def _oddity(answer: Answer, answered: str) -> str:
    if 300 <= answer.status < 400:
        host = urlsplit(answer.headers.get("location", "")).hostname or "another path"
        return (
            f"redirected (HTTP {answer.status}) to {host}, which is never followed with a token; "
            "if the vendor has moved, set the account's base_url"
        )
    if answer.status == 404:
        return f"nothing is there ({answered}): is base_url right?"
    return f"unexpected {answered}"


def speaks_of_credentials(answer: Answer) -> bool:
    """Whether a 401 or 403 is taken for the vendor's own where no document shows how these look: no
    page, and a 401 or a text about credentials.
    """
    if failures.is_page(answer.body):
        return False
    return answer.status == 401 or words.meaning_of(answer.words) is Meaning.REFUSAL


def unlike(answer: Answer, what: str, value: Json, lacks: str) -> ContractError:
    """The error for JSON that isn't what the vendor's document shows; what it says isn't quoted."""
    return ContractError(
        f"{what}: the answer {lacks}; it is {answer.quoted(failures.outline(value))}. "
        "Is base_url right?",
        answer.body,
    )
