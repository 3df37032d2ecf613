"""Phone numbers in E.164, where what a vendor shows is a number.

The compiled library takes a third of the time of the one that it is a port of; it is young, so a
test compares them, and where it can't be installed the other one serves.
"""

import re
from functools import lru_cache

try:
    import rphonenumbers as phonenumbers
except ImportError:  # no wheel for this platform
    import phonenumbers

_NUMBER = re.compile(r"(?:tel:)?\s*\+?[\d\s().\-/]+")
"""The whole of it: a name with digits in it (`sup11999482052`), an address (`sip:100@host`) or a
service code (`*99`) isn't the number in it."""
_EXTENSION = re.compile(
    r"(?i)[\s;,.]*(?:ext(?:n|ension)?|anexo|ramal|int|x|#)[\s.:=]*\d{1,9}#?\s*$"
)
"""What is dialled once the number has answered: it isn't part of E.164."""


@lru_cache(maxsize=10_000)
def e164(number: str, country: str) -> str | None:
    """`number` in E.164, without its extension; None when it isn't a valid number of `country` or,
    with a plus, of any (an extension alone, `anonymous`).
    """
    if not (number.isdecimal() or _NUMBER.fullmatch(number)):
        number = _EXTENSION.sub("", number)
        if not _NUMBER.fullmatch(number):
            return None
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
