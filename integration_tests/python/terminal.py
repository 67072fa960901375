"""
Runs a program at a pseudo-terminal, and types: for tests of what asks. Reads a JSON document from stdin:

    {"argv": [...], "cwd": "...", "env": {...}, "steps": [{"wait": "regex", "type": "text"}], "seconds": 60}

Each step waits until its expression is found in what was shown since the step before, and then types its text. Prints a JSON
document: {"screen": "...", "code": 0, "signal": null, "missed": null}. `missed` is the expression that never came.
"""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

# Colours, cursor movements and the like.
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x07")
ROWS, COLUMNS = 60, 160


def main() -> None:
    given = json.load(sys.stdin)
    child, terminal = pty.fork()
    if child == 0:
        # After the parent has given the terminal its size.
        time.sleep(0.05)
        os.chdir(given["cwd"])
        os.execvpe(given["argv"][0], given["argv"], given["env"])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    print(json.dumps(play(child, terminal, given["steps"], given["seconds"])))


def play(child: int, terminal: int, steps: list[dict], seconds: float) -> dict:
    deadline = time.monotonic() + seconds
    shown, seen = b"", 0
    waiting = list(steps)
    while True:
        text = CONTROL.sub("", shown.decode("utf-8", "replace"))
        found = re.search(waiting[0]["wait"], text[seen:]) if waiting else None
        if found:
            seen += found.end()
            os.write(terminal, waiting.pop(0)["type"].encode())
            continue
        left = deadline - time.monotonic()
        ready, _, _ = select.select([terminal], [], [], max(0, left))
        if not ready:
            os.kill(child, signal.SIGKILL)
            break
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux, where the other side is closed.
            piece = b""
        if not piece:
            break
        shown += piece
    _, status = os.waitpid(child, 0)
    return {
        "screen": CONTROL.sub("", shown.decode("utf-8", "replace")).replace("\r\n", "\n"),
        "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
        "missed": waiting[0]["wait"] if waiting else None,
    }


main()
