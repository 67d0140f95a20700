"""A server on a real socket that sends one reply in pieces, and waits for the client to give up."""

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


@contextmanager
def trickling(pieces: Iterable[bytes], interval: float = 0.02) -> Iterator[str]:
    """Answer every connection with these pieces, one per interval (seconds). Provide the address of the server."""
    parts = list(pieces)
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                for part in parts:
                    connection.sendall(part)
                    if stop.wait(interval):
                        return
            except OSError:
                return

    def listen() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
