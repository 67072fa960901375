"""Runs source-hubspot as it is published, but for the host of HubSpot: its calls go to HUBSPOT_BASE_URL."""

import os

from requests.adapters import HTTPAdapter
from source_hubspot.run import run

send = HTTPAdapter.send


def send_there(self, request, *args, **options):
    request.url = request.url.replace("https://api.hubapi.com", os.environ["HUBSPOT_BASE_URL"], 1)
    return send(self, request, *args, **options)


HTTPAdapter.send = send_there
run()
