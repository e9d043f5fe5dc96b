"""A text that only one answer opens, however many are tried.

The key is derived from the answer's bytes: by scrypt (RFC 7914), which costs a fifth of a second
and 32 MB for each try, or, where far too many tries were needed anyway, by HMAC-SHA256. The text
is added to a stream of SHAKE256, used once, and a tag says whether it is the text that was locked.
"""

import base64
import hashlib
import hmac
import secrets

COST = {"n": 2**15, "r": 8, "p": 1, "maxmem": 2**26, "dklen": 32}
TAG = 32  # bytes


def locked(text, answer, slow):
    """A lock, as data that JSON can hold.

    Args:
        text: what to lock.
        answer: bytes, the answer that opens it.
        slow: whether a try shall be slow.

    Example:
        >>> lock = locked("Rows come first.", b"(5, 7)", slow=False)
        >>> opened(lock, b"(5, 7)"), opened(lock, b"(7, 5)")
        ('Rows come first.', None)
    """
    salt, plain = secrets.token_bytes(16), text.encode()
    stream, key = _stream(answer, salt, slow, len(plain))
    hidden = _added(plain, stream)
    tag = hmac.digest(key, hidden, "sha256")
    return {
        "salt": base64.b64encode(salt).decode(),
        "slow": slow,
        "text": base64.b64encode(tag + hidden).decode(),
    }


def opened(lock, answer):
    """The text of a lock if this answer opens it, else None."""
    salt, content = (base64.b64decode(lock[name]) for name in ("salt", "text"))
    tag, hidden = content[:TAG], content[TAG:]
    stream, key = _stream(answer, salt, lock["slow"], len(hidden))
    if not hmac.compare_digest(tag, hmac.digest(key, hidden, "sha256")):
        return None
    return _added(hidden, stream).decode()


def _stream(answer, salt, slow, length):
    """As many bytes to add, and the key of the tag."""
    if slow:
        seed = hashlib.scrypt(answer, salt=salt, **COST)
    else:
        seed = hmac.digest(salt, answer, "sha256")
    stream = hashlib.shake_256(seed).digest(TAG + length)
    return stream[TAG:], stream[:TAG]


def _added(text, stream):
    return bytes(one ^ other for one, other in zip(text, stream, strict=True))
