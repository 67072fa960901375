"""Takes OTLP over HTTP as a collector does, and prints each request as a line of JSON, read by OpenTelemetry's own classes.

The first line is the port. What is not protobuf of the kind that its path is for is answered 400, and printed as {"refused": why}.
"""

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

KINDS = {
    "/v1/traces": (ExportTraceServiceRequest, ExportTraceServiceResponse),
    "/v1/metrics": (ExportMetricsServiceRequest, ExportMetricsServiceResponse),
}
printing = threading.Lock()


def say(value):
    with printing:
        print(json.dumps(value), flush=True)


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.body()
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        kind = KINDS.get(self.path)
        if kind is None or self.headers["content-type"] != "application/x-protobuf":
            return self.refuse(f"{self.path} {self.headers['content-type']}")
        request, response = kind
        try:
            message = request.FromString(body)
        except DecodeError as error:
            return self.refuse(str(error))
        say({"headers": dict(self.headers), **MessageToDict(message)})
        return self.answer(200, response().SerializeToString())

    def body(self):
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers["content-length"]))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def refuse(self, why):
        say({"refused": why})
        self.answer(400, b"")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
say(server.server_address[1])
server.serve_forever()
