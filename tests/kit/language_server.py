"""Pyright's language server, asked what an editor shows when the pointer rests on a name."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

BIN = Path(sys.executable).parent
LANGUAGE_SERVER = BIN / "pyright-langserver"


class LanguageServer:
    """A client of the language server protocol, over a pair of pipes."""

    def __init__(self, to_server: BinaryIO, from_server: BinaryIO) -> None:
        self._to_server = to_server
        self._from_server = from_server
        self._last_id = 0

    def request(self, method: str, params: Mapping[str, Any]) -> Any:
        """Send a request and return its result."""
        self._last_id += 1
        self._send({"id": self._last_id, "method": method, "params": params})
        while True:
            message = self._read()
            if "method" in message and "id" in message:  # a request of the server's: it has no answer
                self._send({"id": message["id"], "result": None})
            elif message.get("id") == self._last_id:
                assert "error" not in message, message
                return message["result"]

    def notify(self, method: str, params: Mapping[str, Any]) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def open_text(self, uri: str, text: str) -> None:
        """Open a Python file that exists only in the editor."""
        document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def hover(self, uri: str, line: int, column: int) -> str:
        """Return the text that is shown for a position, counted from 0."""
        params = {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}}
        result = self.request("textDocument/hover", params)
        return "" if result is None else str(result["contents"]["value"])

    def _send(self, message: Mapping[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._to_server.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._to_server.flush()

    def _read(self) -> dict[str, Any]:
        length = 0
        while (line := self._from_server.readline().strip()) or not length:
            name, _, value = line.partition(b":")
            assert name, "the language server has ended"
            if name.lower() == b"content-length":
                length = int(value)
        message: dict[str, Any] = json.loads(self._from_server.read(length))
        return message


@contextmanager
def running_language_server(folder: Path) -> Iterator[LanguageServer]:
    """Run the server for a workspace; it finds this environment's packages through PATH."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    command = [str(LANGUAGE_SERVER), "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        server = LanguageServer(process.stdin, process.stdout)
        try:
            server.request(
                "initialize",
                {
                    "processId": os.getpid(),
                    "rootUri": folder.as_uri(),
                    "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name}],
                    "capabilities": {"textDocument": {"hover": {"contentFormat": ["markdown"]}}},
                },
            )
            server.notify("initialized", {})
            yield server
            server.request("shutdown", {})
            server.notify("exit", {})
            process.wait(timeout=30)
        finally:
            process.kill()
