"""Put before a peer's own modules (PYTHONPATH): sends its calls to the sandbox or the stand-in for Snowflake, and says what it cost."""

import atexit
import json
import os
import resource


def write_cost():
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cost = {
        "cpuSeconds": sum(each.ru_utime + each.ru_stime for each in usage),
        "maxRssMb": max(each.ru_maxrss for each in usage) / 1024,
    }
    with open(os.environ["BENCH_COST"], "w") as file:
        json.dump(cost, file)


def redirect(sandbox):
    import requests

    send = requests.Session.send

    def send_to_sandbox(self, request, **options):
        request.url = request.url.replace("https://api.hubapi.com", sandbox)
        # A program whose own way to log in is not what is measured.
        request.headers["Authorization"] = f"Bearer {os.environ['BENCH_TOKEN']}"
        # The sandbox has the properties of v3 only; those of v2 are the same without the envelope.
        is_v2 = "/properties/v2/contact/properties" in request.url
        if is_v2:
            request.url = request.url.replace("/properties/v2/contact/properties", "/crm/v3/properties/contacts")
        response = send(self, request, **options)
        if is_v2:
            response._content = json.dumps(response.json()["results"]).encode()
        return response

    requests.Session.send = send_to_sandbox


def redirect_snowflake(url):
    """The driver stays the real one: only the address is another, which no target lets one configure."""
    from urllib.parse import urlsplit

    from snowflake.connector import SnowflakeConnection
    from snowflake.connector.local_storage_client import SnowflakeLocalStorageClient

    place = urlsplit(url)
    init = SnowflakeConnection.__init__

    def init_with_stub(self, *args, **options):
        options.update(protocol=place.scheme, host=place.hostname, port=place.port)
        init(self, *args, **options)

    def write_chunk(self, chunk_id, chunk):
        """Old drivers empty the file before each chunk. Files that go to a cloud are not copied by this."""
        file = os.open(self.full_dst_file_name, os.O_CREAT | os.O_WRONLY)
        os.pwrite(file, chunk, chunk_id * self.chunk_size)
        os.close(file)

    SnowflakeConnection.__init__ = init_with_stub
    SnowflakeLocalStorageClient._upload_chunk = write_chunk


if "BENCH_COST" in os.environ:
    atexit.register(write_cost)
    if "BENCH_SANDBOX" in os.environ:
        redirect(os.environ["BENCH_SANDBOX"])
    if "BENCH_SNOWFLAKE" in os.environ:
        redirect_snowflake(os.environ["BENCH_SNOWFLAKE"])
