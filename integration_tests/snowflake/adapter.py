"""
A Snowflake for tests: `python adapter.py [directory]`.

It listens on a free port of 127.0.0.1, says so with one line of JSON on stdout, `{"port": 12345}`, and ends when its
stdin closes, so that it cannot outlive a test that was killed. With a directory the databases are files there, and
outlast it.

What it is: fakesnow, which runs Snowflake's SQL on DuckDB, behind a layer of Snowflake's protocol as the official Node
driver speaks it. That layer changes no SQL.
"""

import asyncio
import gc
import json
import logging
import os
import shutil
import socket
import sys
import threading
import warnings
from pathlib import Path

import uvicorn

sys.dont_write_bytecode = True

from engine import BUCKET, Engine  # noqa: E402
from gateway import Gateway  # noqa: E402


class Server(uvicorn.Server):
    """Says its port once it listens, and ends with stdin."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(json.dumps({"port": sockets[0].getsockname()[1]}), flush=True)
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        sys.stdin.buffer.read()
        self.should_exit = True


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    warnings.filterwarnings("ignore", message="Arrow output on a DB-API result")
    # Named as TCP, so that asyncio sends at once what it has: each answer would wait 40 ms otherwise.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    # Trees of statements are garbage in circles, and many: looked for as often as usual, it took a quarter of the time.
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)
    engine = Engine(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    config = uvicorn.Config(
        Gateway(engine),
        http="h11",
        lifespan="off",
        log_config=None,
        access_log=False,
        date_header=False,
        timeout_graceful_shutdown=1,
        # A client that is about to send something shall not find its connection closed.
        timeout_keep_alive=600,
    )
    asyncio.run(Server(config).serve([listener]))
    engine.close()


try:
    main()
    code = 0
except Exception:
    logging.exception("the stand-in ended")
    code = 1
shutil.rmtree(BUCKET, ignore_errors=True)
# A statement that still runs in a thread shall not keep the process.
os._exit(code)
