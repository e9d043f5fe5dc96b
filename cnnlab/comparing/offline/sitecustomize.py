"""Refuses every connection except to this machine, in each Python that has this folder on its path.

The test process imports it; the notebook kernels find it through PYTHONPATH.
"""

import ipaddress
import sys


def _is_loopback(host):
    if isinstance(host, bytes):
        host = host.decode()
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if not _is_loopback(host):
        raise ConnectionRefusedError(f"tests and notebooks run unplugged: {event} to {host!r}")


sys.addaudithook(_refuse)
