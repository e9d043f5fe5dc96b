"""What drives a kernel through a notebook: nbclient's, for a kernel that may not be trusted."""

import sys
from pathlib import Path

import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

LAUNCHER = Path(__file__).with_name("launcher.py")
LARGEST = 100_000_000  # bytes of one message
SLACK = 2  # times the limit that the kernel itself keeps: beyond it somebody has lifted that


class Client(NotebookClient):
    """Runs a notebook, and ends its kernel when more comes out of it than may.

    Attributes:
        manager: of a kernel that is forked, or None: one is started.
        most: how many characters may be printed and shown.
        flooded: whether there were more.
    """

    manager = None
    most = 0
    flooded = False
    _characters = 0

    def create_kernel_manager(self):
        """The manager given, or nbclient's own."""
        if self.manager is None:
            return super().create_kernel_manager()
        self.km = self.manager
        return self.km

    def process_message(self, msg, cell, cell_index):
        """Counts what a message brings before it is kept."""
        content = msg["content"]
        texts = [content.get("text"), *content.get("data", {}).values()]
        texts += content.get("traceback", [])
        self._characters += sum(len(text) for text in texts if isinstance(text, str))
        if self._characters > SLACK * self.most and not self.flooded:
            self.flooded = True
            self.km.provisioner.process.kill()
        return None if self.flooded else super().process_message(msg, cell, cell_index)


def client_of(notebook, manager, most, **options):
    """A `Client`.

    Args:
        notebook: as nbformat reads it.
        manager: what `forked` gives, or None.
        most: how many characters may be printed and shown.
        **options: of nbclient.
    """
    client = Client(notebook, **options)
    client.manager, client.most = manager, most
    client.comm_open_handlers.clear()  # to answer a widget can stop the client for ever
    return client


class _Specs(KernelSpecManager):
    """The only kernel there is: one that `warm` forks."""

    argv = ()

    def get_kernel_spec(self, kernel_name):
        """How it is launched."""
        return KernelSpec(argv=[*self.argv], display_name=kernel_name, language="python")


def forked(address, order, channel):
    """The manager of a kernel that `warm` forks.

    Args:
        address: where `warm` listens.
        order: the file that holds the `Order`.
        channel: the folder of its sockets and of ``kernel.json``, the connection file.
    """
    specs = _Specs()
    specs.argv = (sys.executable, "-I", "-S", str(LAUNCHER), str(address), str(order))
    context = zmq.asyncio.Context()
    context.maxmsgsize = LARGEST
    return AsyncKernelManager(
        kernel_spec_manager=specs,
        connection_file=str(channel / "kernel.json"),
        transport="ipc",
        ip=str(channel / "k"),
        context=context,
    )
