"""What `cnnlab fetch` does: a table of the files, or a line for each name."""

import sys

from cnnlab.files import archives, fetch

HOW = {
    "sha256": "SHA-256",
    "md5": "MD5",
    "arrays": "SHA-256 of its arrays",
    "contents": "size and contents",  # its publisher states no hash
}


def listing():
    """Lines of a table of every file that a name accepts, and under each where it comes from."""
    row = "{:<18}{:>9}  {:<12}{:<14}{}".format
    lines = [row("name", "size", "downloaded", "licence", "verified by")]
    for name, source in fetch.SOURCES.items():
        here = "yes" if fetch.path(name).exists() else "no"
        for file in source.files:
            size, check = f"{file.size / 1e6:.3g} MB", HOW[file.check.split(":")[0]]
            lines.append(row(name, size, here, source.licence, check))
            lines += [f"    {file.name}", f"    {file.folder or 'not published'}"]
    return lines


def run(names, source=None, verify=False, remove=False):
    """Fetches, verifies or removes each name, says so in a line each, and goes on after a fault.

    Args:
        names: names; "all" among them, or none, means all, with `verify` all that are downloaded.
        source: as in `fetch.fetch`.
        verify: check what is downloaded and fetch nothing.
        remove: delete what is downloaded.

    Returns:
        The exit status: 0, or 2 if a name failed.
    """
    if not names or "all" in names:
        names = [name for name in fetch.names() if fetch.path(name).exists() or not verify]
    if not names:
        print("nothing is downloaded: `cnnlab fetch --list` shows the available files")
    status = 0
    for name in names:
        try:
            line = _done(name, source, verify, remove)
        except (ValueError, OSError) as error:
            print(f"cnnlab: {error}", file=sys.stderr)
            status = 2
        else:
            print(line)
    return status


def _done(name, source, verify, remove):
    if remove:
        return f"{name}: {'removed' if fetch.remove(name) else 'was not downloaded'}"
    fetch.verify(name) if verify else fetch.fetch(name, source)
    line = f"{name}: verified, in {fetch.path(name)}"
    if fetch.SOURCES[name].unpacked:
        line += f"\n{name}: {archives.described(fetch.path(name))}"
    return line
