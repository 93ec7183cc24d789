"""The whole way from the APIs to tables and pictures: both sources, run by a real Airbyte client into DuckDB.

`make demo` runs it against the sandbox (`python -m demo`), `make sync` against a real account (`python -m demo.sync`).
"""
