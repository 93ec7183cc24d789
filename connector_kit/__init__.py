"""What both sources use and airbyte-cdk lacks: one room for each concern.

    airbyte/   singer/   the two doors: programs for Airbyte and taps for Singer
    source.py            builds a source from the manifest beside it
    reading/             lists and details: each URL once, for every stream made from it
    http/                one request to its end: sent, retried, waited for, its failures explained
    state/               what each stream remembers between syncs
    sync.py              what one run shares: clock, budget, session, counts, messages
    records/             what a record is made of: types, times, personal data
    limits/              how many requests may go out, and when
    personal_data.py     which fields are personal, and what the schemas become by that
    settings.py          the configuration, checked field by field
    errors.py            what a failure is to the code; config_errors.py: what the user can fix
    process/             how a process starts and ends

and beside the last `masking`, `times`, `clock`, `manifest`, `files` and `failed_streams`. A file imports only what
stands below it; `make lint` checks that. Nothing here knows which of the two APIs it serves: what differs is data in
the manifests.
"""
