"""Runs a command on a pseudo-terminal, and prints as JSON what a terminal emulator shows of it.

Arguments: columns, rows, columns after the first half a second of drawing (the same: it is not resized), a file for stdout, and the
command. Only stdin and stderr are the terminal, as where a result is piped into a file.
"""

import fcntl
import json
import os
import pty
import struct
import sys
import termios
import time

import pyte

columns, rows, later = (int(text) for text in sys.argv[1:4])
output, command = sys.argv[4], sys.argv[5:]
RESIZED_AFTER_S = 0.5


def resize(fd, width):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, width, 0, 0))


leader, follower = pty.openpty()
resize(leader, columns)
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(follower, termios.TIOCSCTTY, 0)
    os.dup2(follower, 0)
    os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT, 0o600), 1)
    os.dup2(follower, 2)
    os.close(leader)
    os.execvp(command[0], command)
os.close(follower)

screen = pyte.HistoryScreen(columns, rows, history=1000)
stream = pyte.ByteStream(screen)
raw = b""
frames = []
first = None
while True:
    try:
        data = os.read(leader, 65536)
    except OSError:
        break
    if not data:
        break
    raw += data
    stream.feed(data)
    shown = [line.rstrip() for line in screen.display]
    # What was written and has not been drawn over yet is no frame.
    if data.endswith(b"\x1b[?2026l") and any(shown):
        frames.append({"columns": screen.columns, "lines": shown})
        first = first or time.monotonic()
    if first and later != screen.columns and time.monotonic() - first > RESIZED_AFTER_S:
        screen.resize(rows, later)
        resize(leader, later)
status = os.waitpid(child, 0)[1]
above = ["".join(line[x].data for x in range(screen.columns)).rstrip() for line in screen.history.top]
print(
    json.dumps(
        {
            "code": os.waitstatus_to_exitcode(status),
            "raw": raw.decode(),
            "frames": frames,
            "left": above + [line.rstrip() for line in screen.display],
        }
    )
)
