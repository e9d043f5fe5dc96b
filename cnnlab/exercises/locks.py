"""A text that only one answer opens, however many are tried.

The key is derived from the answer's bytes: by scrypt (RFC 7914), which costs a fifth of a second
and 32 MB for each try, or, where far too many tries were needed anyway, by HMAC-SHA256. The text
is added to a stream of SHAKE256, used once, and a tag says whether it is the text that was locked.
"""

import base64
import functools
import hashlib
import hmac
import secrets

COST = {"n": 2**15, "r": 8, "p": 1, "maxmem": 2**26, "dklen": 32}
TAG = 32  # bytes


def new_salt():
    """Sixteen random bytes as text."""
    return base64.b64encode(secrets.token_bytes(16)).decode()


def locked(text, answer, salt, slow):
    """A lock, as data that JSON can hold.

    Args:
        text: what to lock.
        answer: bytes, the answer that opens it.
        salt: may serve several locks: an answer is then tried on all of them at one cost.
        slow: whether a try shall be slow.

    Example:
        >>> lock = locked("Rows come first.", b"(5, 7)", new_salt(), slow=False)
        >>> opened(lock, b"(5, 7)"), opened(lock, b"(7, 5)")
        ('Rows come first.', None)
    """
    plain, lock = text.encode(), {"salt": salt, "nonce": new_salt(), "slow": slow}
    stream, key = _stream(lock, answer, len(plain))
    hidden = _added(plain, stream)
    tag = hmac.digest(key, hidden, "sha256")
    return {**lock, "text": base64.b64encode(tag + hidden).decode()}


def opened(lock, answer):
    """The text of a lock if this answer opens it, else None."""
    content = base64.b64decode(lock["text"])
    tag, hidden = content[:TAG], content[TAG:]
    stream, key = _stream(lock, answer, len(hidden))
    if not hmac.compare_digest(tag, hmac.digest(key, hidden, "sha256")):
        return None
    return _added(hidden, stream).decode()


def _stream(lock, answer, length):
    """As many bytes to add, and the key of the tag."""
    salt, nonce = (base64.b64decode(lock[name]) for name in ("salt", "nonce"))
    digest = hashlib.sha256(answer).digest()
    seed = _slow_key(digest, salt) if lock["slow"] else hmac.digest(salt, digest, "sha256")
    stream = hashlib.shake_256(seed + nonce).digest(TAG + length)
    return stream[TAG:], stream[:TAG]


@functools.lru_cache(maxsize=64)
def _slow_key(digest, salt):
    return hashlib.scrypt(digest, salt=salt, **COST)


def _added(text, stream):
    return bytes(one ^ other for one, other in zip(text, stream, strict=True))
