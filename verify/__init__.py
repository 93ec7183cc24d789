"""First contact with a real account: which of the facts that the connectors rest on it shows.

`make verify SOURCE=talentics CONFIG=secrets/talentics.json` asks at most 20 requests, and prints a table that may be
pasted into a report: counts, statuses and names of fields, never a value of a record.
"""
