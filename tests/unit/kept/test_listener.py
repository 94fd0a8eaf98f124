"""What the console listens with: an answer's body does not wait for its head to be confirmed."""

import socket

from kept.config import load
from kept.run import listener


def test_what_is_accepted_sends_at_once() -> None:
    settings = load(None)
    http = settings.http.model_copy(update={"listen": "127.0.0.1:0"})
    door = listener(settings.model_copy(update={"http": http}))
    with door, socket.create_connection(door.getsockname()):
        accepted, _ = door.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
