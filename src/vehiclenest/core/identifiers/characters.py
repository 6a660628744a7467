"""What a scanned or typed code is before it is judged: spaces gone, ASCII letters in upper case, nothing else touched."""

import string

_CLEANING = str.maketrans(string.ascii_lowercase, string.ascii_uppercase, " ")


def cleaned(text: str) -> str:
    """Return `text` without spaces and in ASCII upper case.

    Letters outside ASCII stay as they are, so that `str.upper` cannot turn a foreign one (`ſ`, `ı`) into a valid one.
    """
    return text.translate(_CLEANING)
