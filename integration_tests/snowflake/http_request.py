"""A request to the stand-in."""

import gzip
import json
from urllib.parse import parse_qsl


class Request:
    """Read whole, and unpacked."""

    def __init__(self, scope: dict, body: bytes):
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query = dict(parse_qsl(scope["query_string"].decode()))
        headers = dict(scope["headers"])
        self.body = gzip.decompress(body) if headers.get(b"content-encoding") == b"gzip" else body
        # Authorization: Snowflake Token="..."
        self.token = headers.get(b"authorization", b"").decode().partition('"')[2].rstrip('"')

    def json(self):
        return json.loads(self.body) if self.body else {}

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))
