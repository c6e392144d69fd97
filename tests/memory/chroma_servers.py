"""A real Chroma server on loopback, for the length of a test."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestrator_memory.index.chroma.http import ChromaHttp, server_address
from orchestrator_memory.index.contract import IndexUnavailable

RUN = "from chromadb.cli.cli import app; app()"


class Server:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        command = [
            sys.executable,
            "-c",
            RUN,
            "run",
            "--path",
            str(self.folder),
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        http = ChromaHttp(server_address(self.url))
        give_up = time.monotonic() + 60
        while True:
            try:
                http.check()
                return
            except IndexUnavailable as error:
                if self.process.poll() is not None or time.monotonic() > give_up:
                    self.process.kill()
                    pytest.fail(f"no Chroma server could be started: {error} {self.process.communicate()[1]}")
                time.sleep(0.05)

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()
