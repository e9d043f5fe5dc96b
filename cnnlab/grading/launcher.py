"""Stands for a kernel that `warm` has forked: ends when it does, and ends it.

Run as ``python -I -S launcher.py SOCKET ORDER``.
"""

import socket
import sys

if __name__ == "__main__":
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(sys.argv[1])
        connection.sendall(sys.argv[2].encode(errors="surrogateescape") + b"\n")
        connection.recv(1)
