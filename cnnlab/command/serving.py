"""A folder of web pages behind a server that only this machine can reach."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LOOPBACK = "127.0.0.1"


class _Quiet(SimpleHTTPRequestHandler):
    """Hands out files and keeps no log."""

    def log_message(self, *_):
        pass


def server(folder, port=0):
    """A server of the pages in `folder`, on the loopback address; it runs once it is told to.

    Args:
        folder: holds index.html, as `make site` writes it.
        port: 0 takes any that is free.

    Returns:
        An `http.server.ThreadingHTTPServer`; `serve_forever` runs it, `server_port` is its port.

    Raises:
        ValueError: no index.html in the folder.
        OSError: the port is taken.
    """
    folder = Path(folder)
    if not (folder / "index.html").is_file():
        raise ValueError(
            f"`folder` must hold the web site with its index.html: got {folder}. "
            "Build it with `make site`, or name the folder that holds it."
        )
    try:
        return ThreadingHTTPServer((LOOPBACK, port), partial(_Quiet, directory=folder))
    except OSError as error:
        raise OSError(
            f"`--port` must be free: got {port} ({error.strerror}). Leave it out, or name another."
        ) from None
