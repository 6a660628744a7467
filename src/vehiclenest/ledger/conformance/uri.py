"""What a URI is (RFC 3986), as strictly as EPCIS documents need it."""

import re
from typing import Final

# Schemes that names and identifiers of events use without `//`; another word before a colon is a prefix that has to be declared.
URI_SCHEMES: Final = frozenset(
    {"http", "https", "urn", "ni", "nih", "tag", "did", "info", "doi", "geo", "mailto", "tel", "data", "cid"}
)

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_SIGNS: Final = r"A-Za-z0-9\-._~!$&'()*+,;=:@/"
_PATH: Final = rf"(?:[{_SIGNS}]|%[0-9A-Fa-f]{{2}})*"
_QUERY: Final = rf"(?:[{_SIGNS}?]|%[0-9A-Fa-f]{{2}})*"
_AUTHORITY: Final = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2}|\[[0-9A-Fa-fv:.]+\])*"
_URI: Final = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*:(?://{_AUTHORITY}(?=[/?#]|\Z))?{_PATH}(?:\?{_QUERY})?(?:#{_QUERY})?")
# Nearly every URI: no query, fragment, escape or address in brackets; an authority needs no look of its own then.
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9\-._~!$&'()*+,;=:@/]*")


def is_scheme(text: str) -> bool:
    """Return whether a text before a colon can be a scheme, or a prefix."""
    return _SCHEME.fullmatch(text) is not None


def is_uri(text: str) -> bool:
    """Return whether a text is an absolute URI."""
    return (_PLAIN.fullmatch(text) or _URI.fullmatch(text)) is not None
