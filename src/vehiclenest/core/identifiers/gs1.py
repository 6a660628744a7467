"""GS1 keys as EPC: one identity, written as pure-identity URN (TDS 1.13, clause 6) or as GS1 Digital Link URI (GS1 DL 1.2).

A URN states where the company prefix ends and leaves the check digit out; a Digital Link carries the key with its check
digit and does not say where the prefix ends. Everything else is the same on both sides.
"""

import string
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from vehiclenest.core.errors import InputError, Where

_DIGITS = frozenset(string.digits)
# GS1 General Specifications, figures 7.11-1 and 7.11-2.
_SET_82 = frozenset(string.ascii_letters + string.digits + "!\"%&'()*+,-./:;<=>?_")
_SET_39 = frozenset(string.ascii_uppercase + string.digits + "#-/")
_SET_NAMES = {_DIGITS: "digits", _SET_82: "GS1 character set 82", _SET_39: "GS1 character set 39"}
# TDS 1.13, 6.3 and annex A: signs of those sets that a URN must write as %XX.
_URN_ESCAPES = {ord(sign): f"%{ord(sign):02X}" for sign in '"#%&/<>?'}
_URN_ESCAPED = frozenset('"#%&/<>?')

_SHORTEST_PREFIX = 6
_LONGEST_PREFIX = 12
_DEFAULT_PREFIX = 7
_WHERE = Where(field="epc")


@dataclass(frozen=True, slots=True)
class _Scheme:
    """What a key is made of: TDS 1.13, 6.3, and the GS1 application identifiers (AI) that carry it."""

    title: str
    ai: str
    digits: int = 0  # of prefix and reference together where both are numeric, without check digit
    longest: int = 0  # of prefix and reference together where the reference may hold letters
    alphabet: frozenset[str] = _DIGITS  # of the reference
    indicator_first: bool = False  # the key starts with the first digit of the reference, then the prefix
    serial_ai: str = ""  # empty: the serial follows the key in the same AI
    serial_longest: int = 0  # 0: no serial
    serial_alphabet: frozenset[str] = _SET_82
    has_class: bool = False  # urn:epc:idpat with * for the serial

    @property
    def key_length(self) -> int:
        """Length of the numeric key with its check digit."""
        return self.digits + 1


_GTIN = 13
_GLN = 12
_SCHEMES: Final = {
    "sgtin": _Scheme("SGTIN", "01", _GTIN, indicator_first=True, serial_ai="21", serial_longest=20, has_class=True),
    "lgtin": _Scheme("LGTIN", "01", _GTIN, indicator_first=True, serial_ai="10", serial_longest=20),
    "upui": _Scheme("UPUI", "01", _GTIN, indicator_first=True, serial_ai="235", serial_longest=28),
    "itip": _Scheme("ITIP", "8006", _GTIN, indicator_first=True, serial_ai="21", serial_longest=20, has_class=True),
    "sscc": _Scheme("SSCC", "00", 17, indicator_first=True),
    "sgln": _Scheme("SGLN", "414", _GLN, serial_ai="254", serial_longest=20),
    "pgln": _Scheme("PGLN", "417", _GLN),
    "grai": _Scheme("GRAI", "8003", _GLN, serial_longest=16, has_class=True),
    "gdti": _Scheme("GDTI", "253", _GLN, serial_longest=17, has_class=True),
    "sgcn": _Scheme("SGCN", "255", _GLN, serial_longest=12, serial_alphabet=_DIGITS, has_class=True),
    "gsrn": _Scheme("GSRN", "8018", 17),
    "gsrnp": _Scheme("GSRNP", "8017", 17),
    "gsin": _Scheme("GSIN", "402", 16),
    "giai": _Scheme("GIAI", "8004", longest=30, alphabet=_SET_82),
    "ginc": _Scheme("GINC", "401", longest=30, alphabet=_SET_82),
    "cpi": _Scheme(
        "CPI",
        "8010",
        longest=30,
        alphabet=_SET_39,
        serial_ai="8011",
        serial_longest=12,
        serial_alphabet=_DIGITS,
        has_class=True,
    ),
}
_BY_AI = {scheme.ai: name for name, scheme in _SCHEMES.items() if name not in {"lgtin", "upui"}}
# AI 22 (consumer product variant) may stand in a link, but no EPC holds it.
_QUALIFIERS = {"01": {"22", "10", "21", "235"}, "8006": {"22", "10", "21"}, "414": {"254"}, "8010": {"8011"}}


@dataclass(frozen=True, slots=True)
class Epc:
    """A GS1 key that conforms to its scheme; one that does not cannot be made.

    Parameters
    ----------
    scheme
        "sgtin", "lgtin", "sscc", "sgln", "pgln", "grai", "giai", "gdti", "gsrn", "gsrnp", "gsin", "ginc", "cpi", "sgcn",
        "itip" or "upui".
    company_prefix
        GS1 company prefix, 6-12 digits.
    reference
        What the company assigned, as the URN has it: for a GTIN the indicator digit and the item reference, for an SSCC the
        extension digit and the serial reference, for an ITIP item, piece and total with dots between them.
    serial
        Serial number, lot (LGTIN), extension (SGLN, "0" for none) or TPX (UPUI), without escapes; None where the scheme has
        none, and for the class of all serials (`urn:epc:idpat:…*`).

    Raises
    ------
    InputError
        A part that TDS 1.13, 6.3, does not allow.
    """

    scheme: str
    company_prefix: str
    reference: str
    serial: str | None = None

    def __post_init__(self) -> None:
        scheme = _SCHEMES.get(self.scheme)
        if scheme is None:
            raise _fault(f"the scheme {self.scheme!r} is not known", f"one of {', '.join(_SCHEMES)}")
        prefix = self.company_prefix
        if not (_SHORTEST_PREFIX <= len(prefix) <= _LONGEST_PREFIX and _DIGITS.issuperset(prefix)):
            raise _fault(f"the GS1 company prefix is {_short(prefix)}", "6 to 12 digits (TDS 1.13, 6.3)")
        if scheme.longest:
            _check_text_reference(scheme, prefix, self.reference)
        else:
            _check_digit_reference(self.scheme, scheme, prefix, self.reference)
        _check_serial(self.scheme, scheme, self.serial)

    def urn(self) -> str:
        """Return the pure-identity URN; for a class of serials the pattern with `*` (TDS 1.13, clauses 6 and 8)."""
        reference = _escaped(self.reference)
        if self.serial is None:
            if not _SCHEMES[self.scheme].serial_longest:
                return f"urn:epc:id:{self.scheme}:{self.company_prefix}.{reference}"
            return f"urn:epc:idpat:{self.scheme}:{self.company_prefix}.{reference}.*"
        space = "class" if self.scheme == "lgtin" else "id"
        return f"urn:epc:{space}:{self.scheme}:{self.company_prefix}.{reference}.{_escaped(self.serial)}"

    def digital_link(self, domain: str = "https://id.gs1.org") -> str:
        """Return the GS1 Digital Link URI under `domain` (GS1 Digital Link: URI syntax 1.2, clause 4)."""
        scheme = _SCHEMES[self.scheme]
        value = quote(self._key(), safe="")
        link = f"{domain.rstrip('/')}/{scheme.ai}/{value}"
        if self.serial is None or (self.scheme == "sgln" and self.serial == "0"):
            return link
        serial = quote(self.serial, safe="")
        return f"{link}/{scheme.serial_ai}/{serial}" if scheme.serial_ai else link + serial

    def _key(self) -> str:
        """Return the value of the primary AI, with check digit, without serial."""
        scheme = _SCHEMES[self.scheme]
        if scheme.longest:
            return self.company_prefix + self.reference
        reference, _, pieces = self.reference.partition(".")
        lead, rest = (reference[0], reference[1:]) if scheme.indicator_first else ("", reference)
        body = lead + self.company_prefix + rest
        filler = "0" if self.scheme == "grai" else ""
        return filler + body + gs1_check_digit(body) + pieces.replace(".", "")


def gs1_check_digit(digits: str) -> str:
    """Return the check digit of a numeric key (GS1 General Specifications, 7.9.1: weights 3 and 1 from the right, modulo 10).

    Parameters
    ----------
    digits
        The key without its check digit.

    Raises
    ------
    InputError
        Anything but digits.
    """
    if not digits or not _DIGITS.issuperset(digits):
        raise _fault(f"{_short(digits)} has no check digit", "digits only")
    codes = digits.encode("ascii")[::-1]
    odd, even = codes[::2], codes[1::2]
    zero = ord("0")
    return str(-(3 * (sum(odd) - zero * len(odd)) + sum(even) - zero * len(even)) % 10)


def giai(company_prefix: str, reference: str) -> Epc:
    """Return a Global Individual Asset Identifier: one thing, such as a vehicle, a component or a pack (TDS 1.13, 6.3.5)."""
    return Epc("giai", company_prefix, reference)


def lgtin(company_prefix: str, item: str, lot: str) -> Epc:
    """Return a GTIN with a lot: an amount of one kind from one batch; `item` starts with the indicator digit (TDS 1.13, 6.4.1)."""
    return Epc("lgtin", company_prefix, item, lot)


def sgln(company_prefix: str, location: str, extension: str = "0") -> Epc:
    """Return a location, with an extension for a place inside it (TDS 1.13, 6.3.3)."""
    return Epc("sgln", company_prefix, location, extension)


def pgln(company_prefix: str, party: str) -> Epc:
    """Return a party: who owns or holds something (TDS 1.13, 6.3.15)."""
    return Epc("pgln", company_prefix, party)


def gdti(company_prefix: str, document_type: str, serial: str) -> Epc:
    """Return one document of a type (TDS 1.13, 6.3.8)."""
    return Epc("gdti", company_prefix, document_type, serial)


def parse_epc(text: str, company_prefix_length: int = _DEFAULT_PREFIX) -> Epc:
    """Read an EPC from its URN or from a GS1 Digital Link of any host.

    Parameters
    ----------
    text
        `urn:epc:id:…`, `urn:epc:class:lgtin:…`, `urn:epc:idpat:…*` or `http(s)://host/…/AI/value…`, uncompressed. The query and
        fragment of a link are no part of the identity; neither are AI 10 and 22 beside a serial number.
    company_prefix_length
        Digits of the company prefix, 6-12, in a link, which does not say where it ends. A URN does, so there it is not used.

    Raises
    ------
    InputError
        Neither form, an unknown scheme or AI, a part outside its rules, or a wrong check digit.

    Notes
    -----
    TDS 1.13, clauses 6 and 8; GS1 Digital Link: URI syntax 1.2.
    """
    if text.startswith("urn:epc:"):
        return _from_urn(text)
    if text[:8].lower().startswith(("https://", "http://")):
        return _from_link(text, company_prefix_length)
    raise _fault(f"{_short(text)} is no EPC", "urn:epc:id:…, urn:epc:class:…, urn:epc:idpat:… or a GS1 Digital Link")


def _from_urn(text: str) -> Epc:
    parts = text.split(":", 4)
    if len(parts) <= 4:  # noqa: PLR2004  urn, epc, space, scheme, body
        raise _fault(f"{_short(text)} is incomplete", "urn:epc:id:scheme:prefix.reference…")
    space, name, body = parts[2:]
    scheme = _SCHEMES.get(name)
    if scheme is None:
        raise _fault(f"{_short(text)} has the unknown scheme {_short(name)}", f"one of {', '.join(_SCHEMES)}")
    if space not in (("class",) if name == "lgtin" else ("id", "idpat")):
        raise _fault(
            f"{_short(text)} has {name} in the space {_short(space)}", f"urn:epc:{'class' if name == 'lgtin' else 'id'}:{name}:…"
        )
    dots = (1 if scheme.serial_longest else 0) + (3 if name == "itip" else 1)
    fields = body.split(".", dots)
    if len(fields) <= dots:
        raise _fault(f"{_short(text)} has {len(fields)} parts after {name}", f"{dots + 1}, with dots between them")
    prefix, *rest = fields
    serial = rest.pop() if scheme.serial_longest else None
    reference = _unescaped_urn(".".join(rest))
    if space == "idpat":
        if serial != "*" or not scheme.has_class:
            raise _fault(f"{_short(text)} is no class of {name}", "a class has * for the serial and nothing else open")
        return Epc(name, prefix, reference)
    return Epc(name, prefix, reference, None if serial is None else _unescaped_urn(serial))


def _from_link(text: str, prefix_length: int) -> Epc:
    if not _SHORTEST_PREFIX <= prefix_length <= _LONGEST_PREFIX:
        raise _fault(f"a company prefix of {prefix_length} digits", "6 to 12")
    ai, value, qualifiers = _link_parts(text)
    name = _BY_AI[ai]
    serial: str | None = None
    if ai == "01":
        name, serial = _trade_item(text, qualifiers)
    elif _SCHEMES[name].serial_ai:
        serial = qualifiers.get(_SCHEMES[name].serial_ai)
    scheme = _SCHEMES[name]
    if scheme.longest:
        return Epc(name, value[:prefix_length], value[prefix_length:], serial)
    if name == "grai":
        if value[:1] != "0":
            raise _fault(f"{_short(text)}: AI 8003 starts with {_short(value[:1])}", "a GRAI has 0 before its 13 digits")
        value = value[1:]
    key, tail = value[: scheme.key_length], value[scheme.key_length :]
    _verify_key(text, ai, key, scheme)
    if scheme.indicator_first:
        prefix, reference = key[1 : prefix_length + 1], key[0] + key[prefix_length + 1 : -1]
    else:
        prefix, reference = key[:prefix_length], key[prefix_length:-1]
    if name == "itip":
        reference, tail = f"{reference}.{tail[:2]}.{tail[2:]}", ""
    elif name == "sgln" and serial is None:
        serial = "0"
    elif scheme.serial_longest and not scheme.serial_ai:
        serial, tail = tail or None, ""
    if tail:
        raise _fault(f"{_short(text)}: AI {ai} has {_short(tail)} too much", f"{scheme.key_length} digits")
    return Epc(name, prefix, reference, serial)


def _link_parts(text: str) -> tuple[str, str, dict[str, str]]:
    """Return primary AI, its value, and the qualifiers by AI."""
    path = text.split("#", 1)[0].split("?", 1)[0]
    segments = path.split("/")[3:]
    for start in range(len(segments) % 2, len(segments), 2):
        ai = segments[start]
        if ai in _BY_AI:
            keys, values = segments[start + 2 :: 2], [_unescaped(segment) for segment in segments[start + 1 :: 2]]
            unknown = [key for key in keys if key not in _QUALIFIERS.get(ai, ())]
            if unknown or len(set(keys)) < len(keys):
                raise _fault(
                    f"{_short(text)} has AI {', '.join(keys)} behind AI {ai}",
                    f"each once, of {', '.join(sorted(_QUALIFIERS.get(ai, ()))) or 'none'}",
                )
            return ai, values[0], dict(zip(keys, values[1:], strict=True))
    raise _fault(f"{_short(text)} has no GS1 key", f"/AI/value with an AI of {', '.join(sorted(_BY_AI))}")


def _trade_item(text: str, qualifiers: dict[str, str]) -> tuple[str, str | None]:
    """Return scheme and serial of a link with AI 01: the finest identity that its qualifiers give."""
    for ai, name in (("21", "sgtin"), ("235", "upui"), ("10", "lgtin")):
        if ai in qualifiers:
            return name, qualifiers[ai]
    if qualifiers:
        raise _fault(f"{_short(text)} is a product variant (AI 22), which has no EPC", "AI 21, 10 or 235 beside it, or none")
    return "sgtin", None


def _verify_key(text: str, ai: str, key: str, scheme: _Scheme) -> None:
    if len(key) != scheme.key_length or not _DIGITS.issuperset(key):
        raise _fault(f"{_short(text)}: AI {ai} holds {_short(key)}", f"{scheme.key_length} digits")
    right = gs1_check_digit(key[:-1])
    if key[-1] != right:
        raise _fault(f"{_short(text)}: the check digit of {key!r} is {key[-1]!r}", f"the other digits call for {right!r}")


def _check_digit_reference(name: str, scheme: _Scheme, prefix: str, reference: str) -> None:
    digits = reference
    if name == "itip":
        digits, *pieces = reference.split(".")
        if len(pieces) != 2 or any(len(piece) != 2 or not _DIGITS.issuperset(piece) for piece in pieces):  # noqa: PLR2004
            raise _fault(f"the ITIP reference {_short(reference)} is not item.piece.total", "two digits each for piece and total")
        if not "00" < pieces[0] <= pieces[1]:
            raise _fault(f"the ITIP is piece {pieces[0]} of {pieces[1]}", "a piece from 01 to the total")
    if len(prefix) + len(digits) != scheme.digits or not _DIGITS.issuperset(digits):
        raise _fault(
            f"the {scheme.title} {prefix}.{_clipped(reference)} has the reference {_short(digits)}",
            f"{scheme.digits - len(prefix)} digits after a company prefix of {len(prefix)}",
        )


def _check_text_reference(scheme: _Scheme, prefix: str, reference: str) -> None:
    if not reference:
        raise _fault(f"the {scheme.title} of {prefix} has no reference", "at least one character")
    if len(prefix) + len(reference) > scheme.longest:
        raise _fault(
            f"the {scheme.title} reference {_short(reference)} has {len(reference)} characters",
            f"at most {scheme.longest - len(prefix)} after a company prefix of {len(prefix)}",
        )
    if not scheme.alphabet.issuperset(reference):
        raise _foreign(f"the {scheme.title} reference", reference, scheme.alphabet)


def _check_serial(name: str, scheme: _Scheme, serial: str | None) -> None:
    if serial is None:
        if scheme.serial_longest and not scheme.has_class:
            raise _fault(f"the {scheme.title} has no serial part", f"1 to {scheme.serial_longest} characters")
        return
    if not scheme.serial_longest:
        raise _fault(f"the {scheme.title} has the serial {_short(serial)}", "this key has none")
    if not 0 < len(serial) <= scheme.serial_longest:
        raise _fault(
            f"the {scheme.title} serial part {_short(serial)} has {len(serial)} characters", f"1 to {scheme.serial_longest}"
        )
    if not scheme.serial_alphabet.issuperset(serial):
        raise _foreign(f"the {scheme.title} serial part", serial, scheme.serial_alphabet)
    if name == "cpi" and serial[0] == "0" and serial != "0":
        raise _fault(f"the CPI serial {serial!r} starts with 0", "a number without leading zeros")


def _foreign(what: str, value: str, alphabet: frozenset[str]) -> InputError:
    position, sign = next((position, sign) for position, sign in enumerate(value, 1) if sign not in alphabet)
    return _fault(f"{what} {_short(value)} holds {sign!r} at position {position}", f"only {_SET_NAMES[alphabet]}")


def _escaped(text: str) -> str:
    return text if _URN_ESCAPED.isdisjoint(text) else text.translate(_URN_ESCAPES)


def _unescaped_urn(text: str) -> str:
    for position, sign in enumerate(text, 1):
        if sign in _URN_ESCAPED and sign != "%":
            raise _fault(
                f"{_short(text)} holds {sign!r} at position {position}", f"in a URN it is written {_URN_ESCAPES[ord(sign)]}"
            )
    return _unescaped(text)


def _unescaped(text: str) -> str:
    if "%" not in text:
        return text
    first, *rest = text.split("%")
    decoded = [first]
    for part in rest:
        code = part[:2]
        if len(code) != 2 or not set(string.hexdigits).issuperset(code):  # noqa: PLR2004
            raise _fault(f"{_short(text)} holds '%{code}'", "% is followed by two hexadecimal digits; a % itself is written %25")
        decoded.append(chr(int(code, 16)) + part[2:])
    return "".join(decoded)


def _short(text: str) -> str:
    return repr(_clipped(text))


def _clipped(text: str) -> str:
    return text if len(text) <= 80 else text[:80] + "…"  # noqa: PLR2004


def _fault(what: str, expected: str) -> InputError:
    return InputError(what, expected=expected, where=_WHERE)
