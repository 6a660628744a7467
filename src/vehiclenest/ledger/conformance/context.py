"""JSON-LD contexts as EPCIS uses them: from the `@context` of a document and of its parts to prefixes, and names with them.

Nothing is fetched. GS1's own context is known by its prefixes; what another remote context declares stays unknown, and
`Context.open` says so.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, cast

import orjson

from vehiclenest.ledger.conformance.canonical import canonical_text
from vehiclenest.ledger.conformance.uri import URI_SCHEMES, is_scheme, is_uri

# What GS1's EPCIS context declares.
STANDARD_PREFIXES: Final = {
    "epcis": "https://ref.gs1.org/epcis/",
    "cbv": "https://ref.gs1.org/cbv/",
    "cbvmda": "urn:epcglobal:cbv:mda:",
    "gs1": "https://gs1.org/voc/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dcterms": "http://purl.org/dc/terms/",
}
COMMENT: Final = "{http://www.w3.org/2000/01/rdf-schema#}comment"
_STANDARD_CONTEXT: Final = re.compile(r"https?://(ref\.gs1\.org/standards/epcis|gs1\.github\.io/EPCIS)/.*epcis-context\.jsonld")
_LAST_SEPARATOR: Final = re.compile(r"(.*[/#:])(.*)", re.DOTALL)
_MEMO_ENTRIES: Final = 10_000
_MEMO_TEXT: Final = 256
_CONTEXTS: Final = 32
_CHAIN: Final = 8


_known_contexts: "dict[bytes, Context]" = {}


class Memo(dict[str, str]):
    """Remembers a function of short texts, never more than `_MEMO_ENTRIES` of them."""

    __slots__ = ("_compute",)

    def __init__(self, compute: Callable[[str], str]) -> None:
        super().__init__()
        self._compute = compute

    def __missing__(self, key: str) -> str:
        value = self._compute(key)
        if len(key) <= _MEMO_TEXT:
            if len(self) >= _MEMO_ENTRIES:
                self.clear()
            self[key] = value
        return value


class Names(set[str]):
    """Remembers names, never more than `_MEMO_ENTRIES` and those of one object."""

    __slots__ = ()

    def learn(self, names: Iterable[str]) -> None:
        """Add names."""
        if len(self) >= _MEMO_ENTRIES:
            self.clear()
        self.update(names)


class Context:
    """The prefixes and terms that hold at one place of a document.

    Attributes
    ----------
    declared
        What was declared to get here, outermost first, as it was written.
    prefixes
        Namespace by prefix, GS1's own among them.
    open
        Whether a remote context that is not known here stands in it: then an unknown prefix may still be declared.
    commented
        Whether a name asked for so far was that of a comment.
    names
        For each field name ``{namespace}local``; a name without namespace as it is.
    flaws
        For each name of a user's field, and for each value written like one, what is wrong with it; nothing where it is right.
    sound
        Names found without flaw so far, for a whole object at once.
    texts
        For each text value ``=`` and what it stands for, in canonical form; nothing for an empty one.
    """

    __slots__ = ("_key", "commented", "declared", "flaws", "names", "open", "prefixes", "sound", "terms", "texts", "vocabulary")

    def __init__(
        self,
        key: bytes,
        prefixes: Mapping[str, str],
        terms: Mapping[str, str],
        vocabulary: str,
        *,
        is_open: bool,
        declared: tuple[Any, ...] = (),
    ) -> None:
        self._key = key
        self.declared = declared
        self.prefixes = prefixes
        self.terms = terms
        self.vocabulary = vocabulary
        self.open = is_open
        self.commented = False
        self.names = Memo(self._name)
        self.texts = Memo(self._text)
        self.flaws = Memo(self._flaw)
        self.sound = Names()

    def within(self, value: Any) -> "Context":
        """Return the context inside an object whose `@context` is `value`."""
        key = self._key + orjson.dumps(value)
        found = _known_contexts.get(key)
        if found is None:
            found = _extended(self, value, key)
            if len(_known_contexts) >= _CONTEXTS:
                _known_contexts.clear()
            _known_contexts[key] = found
        return found

    def expand(self, text: str) -> str:
        """Return a compact IRI with a declared prefix in full, any other text as it is."""
        prefix, colon, rest = text.partition(":")
        if not colon or rest.startswith("//"):
            return text
        namespace = self.prefixes.get(prefix)
        return text if namespace is None else namespace + rest

    def undeclared(self, name: str) -> str:
        """Return what is wrong with the prefix of a name; nothing where it is declared, or where the name has none."""
        prefix, colon, local = name.partition(":")
        if not colon or self.open or prefix in self.prefixes or local.startswith("//"):
            return ""
        if prefix.lower() in URI_SCHEMES or not is_scheme(prefix):
            return ""
        return f"the prefix {prefix!r} is not declared; an @context says what it stands for"

    def _flaw(self, name: str) -> str:
        return self.undeclared(name) if is_uri(name) else f"{name!r} is neither a compact name nor a URI"

    def _text(self, text: str) -> str:
        canonical = canonical_text(text, self.expand)
        return canonical and "=" + canonical

    def _name(self, name: str) -> str:
        prefix, colon, local = name.partition(":")
        if not colon:
            if name in self.terms:
                return _braced(self.terms[name])
            return f"{{{self.vocabulary}}}{name}" if self.vocabulary and not name.startswith("@") else name
        declared = not local.startswith("//") and prefix in self.prefixes
        found = f"{{{self.prefixes[prefix]}}}{local}" if declared else _braced(name)
        self.commented = self.commented or found == COMMENT
        return found


def _braced(iri: str) -> str:
    found = _LAST_SEPARATOR.fullmatch(iri)
    return f"{{{found[1]}}}{found[2]}" if found else iri


def _extended(outer: Context, value: Any, key: bytes) -> Context:
    prefixes, terms = dict(outer.prefixes), dict(outer.terms)
    vocabulary, is_open = outer.vocabulary, outer.open
    for part in _parts(value):
        if part is None:
            prefixes, terms, vocabulary, is_open = dict(STANDARD_PREFIXES), {}, "", False
        elif isinstance(part, str):
            is_open = is_open or not _STANDARD_CONTEXT.fullmatch(part)
        else:
            _declare(part, prefixes, terms)
            stated = part.get("@vocab", vocabulary)
            vocabulary = stated if isinstance(stated, str) else ""
    for name, iri in (*prefixes.items(),):
        prefixes[name] = _full(iri, prefixes)
    terms = {name: _full(iri, prefixes) for name, iri in terms.items()}
    declared = (*outer.declared, *_parts(value))
    return Context(key, prefixes, terms, vocabulary, is_open=is_open, declared=declared)


def _parts(value: Any) -> Iterator[Any]:
    """Yield the contexts of an `@context`, each a string, an object or null; what is none of them says nothing."""
    for part in cast("list[Any]", value) if isinstance(value, list) else [value]:
        if part is None or isinstance(part, str | dict):
            yield part


def _declare(part: Mapping[str, Any], prefixes: dict[str, str], terms: dict[str, str]) -> None:
    for name, stated in part.items():
        if name.startswith("@") or ":" in name:
            continue
        iri: Any = cast("dict[str, Any]", stated).get("@id") if isinstance(stated, dict) else stated
        if isinstance(iri, str) and not iri.startswith("@"):
            prefixes[name] = terms[name] = iri
        elif stated is None:
            prefixes.pop(name, None)
            terms.pop(name, None)


def _full(iri: str, prefixes: Mapping[str, str]) -> str:
    """Follow a namespace that is itself written with a prefix; a circle ends where it started."""
    for _ in range(_CHAIN):
        prefix, colon, rest = iri.partition(":")
        if not colon or rest.startswith("//") or prefix not in prefixes:
            break
        iri = prefixes[prefix] + rest
    return iri


STANDARD: Final = Context(b"", STANDARD_PREFIXES, {}, "", is_open=False)
# Where an @context is missing or wrong, that is one mistake; the prefixes that it would have declared are none.
UNKNOWN: Final = Context(b"unknown", STANDARD_PREFIXES, {}, "", is_open=True)
