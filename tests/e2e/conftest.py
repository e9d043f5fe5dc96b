"""The browser of the tests, Debian's or Playwright's chromium unseen, and the web site."""

import shutil
import threading
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from cnnlab.command import serving

SITE = Path(__file__).parents[2] / "site"


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=[
                *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
                "--use-fake-device-for-media-stream",  # a camera that shows a clock
            ],
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def address():
    """The site behind a server of this machine; gives its address."""
    with serving.server(SITE) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
