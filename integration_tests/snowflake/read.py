"""Reads a query's rows with Snowflake's Python connector: `read.py port sql`."""

import json
import sys

import snowflake.connector

connection = snowflake.connector.connect(
    host="127.0.0.1",
    port=int(sys.argv[1]),
    protocol="http",
    account="TESTS",
    user="READER",
    password="any",
    application="stand_in_reader",
    session_parameters={"CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED": False},
)
rows = connection.cursor().execute(sys.argv[2]).fetchall()
print(json.dumps([[value if isinstance(value, bool) else value and str(value) for value in row] for row in rows]))
connection.close()
