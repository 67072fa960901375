"""Prints the catalog of tap-hubspot's contacts, every property selected: its own discovery wants objects the sandbox does not have."""

import json

import tap_hubspot

tap_hubspot.CONFIG.update(api_key="unused", start_date="2006-06-01T00:00:00Z")
stream = next(each for each in tap_hubspot.STREAMS if each.tap_stream_id == "contacts")
schema, metadata = tap_hubspot.load_discovered_schema(stream)
for entry in metadata:
    entry["metadata"]["selected"] = True
contacts = {"stream": "contacts", "tap_stream_id": "contacts", "schema": schema, "metadata": metadata}
print(json.dumps({"streams": [contacts]}))
