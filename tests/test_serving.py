"""`cnnlab site`: pages for this machine only."""

import http.client
import subprocess
import sys
import threading

import pytest

from cnnlab.command import cli, serving


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "index.html").write_text("<h1>here</h1>", encoding="utf-8")
    return tmp_path


def answer(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path)
    response = connection.getresponse()
    found = response.status, response.read()
    connection.close()
    return found


def test_a_page_is_handed_out_and_nothing_is_logged(folder, capsys):
    with serving.server(folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert answer(server.server_port, "/") == (200, b"<h1>here</h1>")
        assert answer(server.server_port, "/none.html")[0] == 404
        server.shutdown()
    assert capsys.readouterr() == ("", "")


def test_it_listens_on_the_loopback_address_alone(folder):
    with serving.server(folder) as server:
        assert server.server_address[0] == "127.0.0.1"


def test_a_folder_without_a_site_is_refused(tmp_path, capsys):
    assert cli.main(["site", str(tmp_path), "--no-browser"]) == 2
    assert capsys.readouterr().err == (
        f"cnnlab: `folder` must hold the web site with its index.html: got {tmp_path}. "
        "Build it with `make site`, or name the folder that holds it.\n"
    )


def test_a_port_that_is_taken_is_named(folder, capsys):
    with serving.server(folder) as server:
        port = server.server_port
        assert cli.main(["site", str(folder), "--no-browser", "--port", str(port)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"cnnlab: `--port` must be free: got {port} (")
    assert said.endswith("). Leave it out, or name another.\n")


@pytest.mark.parametrize("port", ["65536", "-1", "http"])
def test_a_port_is_a_number_of_sixteen_bits(port, capsys):
    with pytest.raises(SystemExit):
        cli.main(["site", f"--port={port}"])
    assert f"must be a whole number, 0 to 65535: got {port}" in capsys.readouterr().err


@pytest.mark.parametrize("browser", [True, False])
def test_the_command_opens_a_browser_unless_told_not_to(folder, monkeypatch, capsys, browser):
    opened = []
    monkeypatch.setattr(cli.webbrowser, "open", opened.append)

    def stopped_at_once(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(serving.ThreadingHTTPServer, "serve_forever", stopped_at_once)
    assert cli.main(["site", str(folder), *([] if browser else ["--no-browser"])]) == 0
    said = capsys.readouterr().out
    assert said.startswith("the site: http://127.0.0.1:")
    assert said.endswith("/, for this machine only; Ctrl+C stops it\n")
    assert opened == ([said.split()[2].rstrip(",")] if browser else [])


def test_the_command_serves_until_it_is_ended(folder):
    command = [sys.executable, "-m", "cnnlab.command.cli", "site", str(folder), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        port = int(process.stdout.readline().split("/")[2].split(":")[1])
        try:
            assert answer(port, "/index.html") == (200, b"<h1>here</h1>")
        finally:
            process.kill()
