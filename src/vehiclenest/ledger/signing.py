"""Ed25519 keys (RFC 8032) of whoever seals: made once, kept in a file of their own, never in the database nor beside the seals."""

import os
import stat
from pathlib import Path
from typing import TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from vehiclenest.core.errors import ConflictError, InputError, NotFoundError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO

_Key = TypeVar("_Key")


def make_key(path: Path) -> Ed25519PrivateKey:
    """Make a key in a new file (PKCS #8 PEM) that only its owner can read.

    Raises
    ------
    ConflictError
        Where the file exists: a key is never overwritten.
    InputError
        Where the file cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if path.exists():
            raise ConflictError(f"{path} exists", expected="the name of a file that does not, for a new key") from None
        raise InputError(f"{path} cannot be written: {error.strerror}", expected="a folder that can be written") from None
    return key


def load_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key.

    Raises
    ------
    NotFoundError
        Where there is no such file.
    InputError
        Where it is no Ed25519 key in PEM, is encrypted, or others may read it.
    """
    try:
        if os.name == "posix" and path.is_file() and path.stat().st_mode & _OTHERS:
            raise InputError(f"{path} can be read by others", expected=f"chmod 600 {path}; a new key, if they may have")
        pem = path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(f"there is no key at {path}", expected="--key FILE, or --new-key to make one") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", expected="a private key") from None
    try:
        return _ed25519(load_pem_private_key(pem, None), Ed25519PrivateKey)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InputError(
            f"{path} is no key to sign with", expected="an Ed25519 private key, PKCS #8 PEM, not encrypted"
        ) from None


def public_hex(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """Return the 32 bytes of the public key, as seals name it."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """Return the public key as a file for everybody."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def load_public_key(path: Path) -> Ed25519PublicKey:
    """Read a public key; raise `InputError` where the file holds none."""
    try:
        return _ed25519(load_pem_public_key(path.read_bytes()), Ed25519PublicKey)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", expected="a public key") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InputError(f"{path} is no key to check seals with", expected="an Ed25519 public key in PEM") from None


def _ed25519(key: object, kind: type[_Key]) -> _Key:
    if isinstance(key, kind):
        return key
    raise TypeError
