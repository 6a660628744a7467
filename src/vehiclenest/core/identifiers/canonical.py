"""One spelling for each GS1 identity: the constrained canonical GS1 Digital Link of CBV 2.0 (event hash id).

EPC URNs and links of any host become ``https://id.gs1.org/…`` with the finest identity alone: no query, no product variant, no
lot beside a serial number (GS1 Digital Link: URI syntax 1.2, canonical form).
"""

import string
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from vehiclenest.core.errors import InputError
from vehiclenest.core.identifiers.gs1 import gs1_check_digit, parse_epc

_HOST: Final = "https://id.gs1.org/"
_DIGITS: Final = frozenset(string.digits)
_PLAIN: Final = frozenset(string.ascii_letters + string.digits + "-._")
# Signs that the reference vectors' generator leaves as they are; every other one is percent-encoded.
_SAFE: Final = "';="
_ESCAPES: Final = {"%27": "'", "%3B": ";", "%3D": "="}

# By AI: digits the value starts with, and how many characters may follow them.
_KEYS: Final = {
    "00": (18, 0),
    "01": (14, 0),
    "253": (13, 17),
    "255": (13, 12),
    "401": (4, 26),
    "402": (17, 0),
    "414": (13, 0),
    "417": (13, 0),
    "8003": (14, 16),
    "8004": (4, 26),
    "8006": (18, 0),
    "8010": (4, 26),
    "8017": (18, 0),
    "8018": (18, 0),
}
# Where the check digit stands in the key, from 1; the others have none.
_CHECK_DIGITS: Final = {
    "00": 18,
    "01": 14,
    "253": 13,
    "255": 13,
    "402": 17,
    "414": 13,
    "417": 13,
    "8003": 14,
    "8006": 14,
    "8017": 18,
    "8018": 18,
}
# Finest first; of several only the first found counts.
_QUALIFIERS: Final = {"01": ("21", "235", "10"), "8006": ("21", "10"), "414": ("254",), "8010": ("8011",)}
_VARIANT: Final = {"01": "22", "8006": "22"}
_GTIN_LENGTHS: Final = {8: "000000", 12: "00", 13: "0", 14: ""}
_NAMES: Final = {
    "sscc": "00",
    "gtin": "01",
    "gdti": "253",
    "gcn": "255",
    "ginc": "401",
    "gsin": "402",
    "gln": "414",
    "party": "417",
    "grai": "8003",
    "giai": "8004",
    "itip": "8006",
    "cpid": "8010",
    "gsrnp": "8017",
    "gsrn": "8018",
    "ser": "21",
    "lot": "10",
    "cpv": "22",
}
_SCHEMES: Final = frozenset(
    (
        "sgtin",
        "lgtin",
        "upui",
        "itip",
        "sscc",
        "sgln",
        "pgln",
        "grai",
        "gdti",
        "sgcn",
        "gsrn",
        "gsrnp",
        "gsin",
        "giai",
        "ginc",
        "cpi",
    )
)


class _Form(NamedTuple):
    """How a key of digits is written: what the URN starts with, digits of prefix and reference together, AIs of key and serial."""

    start: str
    digits: int
    indicator_first: bool  # whether the reference's first digit stands before the prefix
    ai: str
    serial_ai: str
    no_serial: str = ""  # what stands for none


# What most identifiers of a ledger are: those need no parsing.
_PLAIN_FORMS: Final = {
    "sgtin": _Form("urn:epc:id:", 13, True, "01", "21"),
    "lgtin": _Form("urn:epc:class:", 13, True, "01", "10"),
    "sscc": _Form("urn:epc:id:", 17, True, "00", ""),
    "sgln": _Form("urn:epc:id:", 12, False, "414", "254", "0"),
}
_PREFIX_LENGTHS: Final = range(6, 13)
_GIAI_LONGEST: Final = 30
_SERIAL_LONGEST: Final = 20


def canonical_link(text: str) -> str | None:
    """Return the canonical GS1 Digital Link of an EPC URN or of a link of any host, None where the text is no GS1 identity.

    Examples
    --------
    >>> canonical_link("urn:epc:id:sgtin:4012345.011111.9876")
    'https://id.gs1.org/01/04012345111118/21/9876'
    >>> canonical_link("https://example.com/some/path/01/04012345111118/10/A/21/9876?17=261231")
    'https://id.gs1.org/01/04012345111118/21/9876'
    """
    if text.startswith("urn:epc:"):
        return _plain(text) or _from_urn(text)
    if text[:8].lower().startswith(("https://", "http://")):
        return _from_link(text)
    return None


@lru_cache(maxsize=65_536)  # an identifier is looked at when it is checked and when it is hashed
def _plain(text: str) -> str | None:
    """Return the link of a plainly written thing, lot, logistic unit or location; None for whatever takes more than a look."""
    scheme, colon, key = text[8:].partition(":")[2].partition(":")
    prefix, _, rest = key.partition(".")
    if not (colon and key.isascii() and len(prefix) in _PREFIX_LENGTHS and prefix.isdecimal()):
        return None
    if scheme == "giai":
        plain = _PLAIN.issuperset(rest) and 0 < len(rest) <= _GIAI_LONGEST - len(prefix) and text.startswith("urn:epc:id:")
        return f"{_HOST}8004/{prefix}{rest}" if plain else None
    form = _PLAIN_FORMS.get(scheme)
    return _numbered(form, prefix, rest) if form is not None and text.startswith(form.start) else None


def _numbered(form: _Form, prefix: str, rest: str) -> str | None:
    """Return the link of a key of digits with a check digit, and a serial where the scheme has one."""
    reference, dot, serial = rest.partition(".")
    if len(prefix) + len(reference) != form.digits or not reference.isdecimal() or bool(dot) != bool(form.serial_ai):
        return None
    if dot and not (0 < len(serial) <= _SERIAL_LONGEST and _PLAIN.issuperset(serial)):
        return None
    body = f"{reference[0]}{prefix}{reference[1:]}" if form.indicator_first else prefix + reference
    link = f"{_HOST}{form.ai}/{body}{gs1_check_digit(body)}"
    return link if not dot or serial == form.no_serial else f"{link}/{form.serial_ai}/{serial}"


def _from_urn(text: str) -> str | None:
    try:
        link = parse_epc(text).digital_link()
    except InputError:
        return _upui_class(text)
    for escape, sign in _ESCAPES.items():
        link = link.replace(escape, sign)
    return link


def _upui_class(text: str) -> str | None:
    """Read a pattern of all UPUIs of a GTIN, which is the GTIN itself."""
    if not text.startswith("urn:epc:idpat:upui:"):
        return None
    return _from_urn(text.replace(":upui:", ":sgtin:", 1))


def _from_link(text: str) -> str | None:
    path = text.split("#", 1)[0].split("?", 1)[0].rstrip("/")
    segments = path.split("/")[3:]
    for start in range(len(segments) % 2, len(segments), 2):
        ai = _NAMES.get(segments[start], segments[start])
        if ai in _KEYS:
            return _canonical(ai, segments[start + 1], segments[start + 2 :])
    return None


def _canonical(ai: str, value: str, rest: list[str]) -> str | None:
    key = unquote(value)
    if ai == "01":
        key = _GTIN_LENGTHS.get(len(key), "") + key
    digits, tail = _KEYS[ai]
    if not (digits <= len(key) <= digits + tail and _DIGITS.issuperset(key[:digits])):
        return None
    allowed = _QUALIFIERS.get(ai, ())
    qualifiers = {_NAMES.get(name, name): unquote(item) for name, item in zip(rest[::2], rest[1::2], strict=True)}
    if len(qualifiers) * 2 != len(rest) or not qualifiers.keys() <= {*allowed, _VARIANT.get(ai, "")}:
        return None
    link = f"{_HOST}{ai}/{quote(key, safe=_SAFE)}"
    for name in allowed:
        if qualifiers.get(name):
            return f"{link}/{name}/{quote(qualifiers[name], safe=_SAFE)}"
    return link


def identity_fault(text: str) -> str:
    """Return what is wrong with an EPC URN, or with a Digital Link under GS1's own domain; nothing where that cannot be told.

    EPC schemes that GS1 keys do not use, and links of other hosts, are left alone.
    """
    if text.startswith(("urn:epc:id:", "urn:epc:class:", "urn:epc:idpat:")):
        return "" if _plain(text) else _urn_fault(text)
    if text.startswith(_HOST):
        return _link_fault(text)
    return ""


def _urn_fault(text: str) -> str:
    if text.split(":")[3] not in _SCHEMES or text.startswith("urn:epc:idpat:upui:"):
        return ""
    try:
        parse_epc(text)
    except InputError as error:
        return error.reason
    return ""


def _link_fault(text: str) -> str:
    ai, _, rest = text[len(_HOST) :].partition("/")
    if ai not in _KEYS:
        return ""
    link = canonical_link(text)
    if link is None:
        return f"AI {ai} holds {rest[:60]!r}; a GS1 key of its length, with no AI behind it but its own qualifiers"
    at = _CHECK_DIGITS.get(ai)
    key = link[len(_HOST) + len(ai) + 1 :]
    if at is None or gs1_check_digit(key[: at - 1]) == key[at - 1]:
        return ""
    return f"the check digit of {key[:at]} is {key[at - 1]}; the other digits call for {gs1_check_digit(key[: at - 1])}"
