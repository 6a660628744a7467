"""Ed25519 keys of organiser and judges: made, kept, and used to sign and to check."""

import base64
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from vehiclenest.core.errors import InputError, NotFoundError, Where

_MADE_UP = "Vehicle Nest made-up key, for demonstration only, proves nothing: "


def new_key() -> Ed25519PrivateKey:
    """Make a key from the machine's randomness."""
    return Ed25519PrivateKey.generate()


def made_up_key(owner: str) -> Ed25519PrivateKey:
    """Return the demonstration's key of somebody: everybody can compute it, so that what it signs proves nothing."""
    return Ed25519PrivateKey.from_private_bytes(sha256((_MADE_UP + owner).encode()).digest())


def public_text(key: Ed25519PrivateKey) -> str:
    """Return the public half as base64 of its 32 bytes."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def fingerprint(public: str) -> str:
    """Return what a person compares: the first 16 hexadecimal digits of the SHA-256 of a public key."""
    return sha256(_public_bytes(public)).hexdigest()[:16]


def check_public(public: str) -> None:
    """Raise `InputError` where a text is no public key."""
    _public_bytes(public)


def sign(key: Ed25519PrivateKey, message: bytes) -> str:
    """Return the signature as base64."""
    return base64.b64encode(key.sign(message)).decode()


def signed_by(public: str, signature: str, message: bytes) -> bool:
    """Return whether a signature is that of the owner of a public key."""
    try:
        Ed25519PublicKey.from_public_bytes(_public_bytes(public)).verify(base64.b64decode(signature, validate=True), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _public_bytes(public: str) -> bytes:
    try:
        raw = base64.b64decode(public, validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 32:  # noqa: PLR2004  # RFC 8032
        raise InputError(f"{public[:50]!r} is no public key", expected="32 bytes of Ed25519 in base64")
    return raw


def save_key(key: Ed25519PrivateKey, path: Path) -> None:
    """Write a private key as PEM that only its owner can read; never over one that is there."""
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    if path.exists():
        raise InputError(f"{path} is there already", expected="a new name: keys are never written over")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(pem)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}", expected="a folder that can be written") from None


def load_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key.

    Raises
    ------
    NotFoundError
        Where there is no such file.
    InputError
        Where it holds no Ed25519 key.
    """
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        raise NotFoundError(f"there is no key {path}", expected="the private key of who says this, see --keys") from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", expected="a private key", where=Where(str(path))) from None
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError("is no private key", expected="Ed25519 as PEM", where=Where(str(path)))
    return key
