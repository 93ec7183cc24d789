"""dlt's rest_api, tuned: `python -m benchmarks.peers.dlt_rest STREAM CONFIG FOLDER`; without STREAM it only starts.

It writes JSON lines into the folder, as the nearest that dlt has to a program that prints its records, and prints how
many there were. Children are asked for by twenty workers; nested fields stay JSON, as in the other programs' records.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

# Before dlt is imported, which reads them: nothing is sent anywhere, and nothing is sorted into child tables.
os.environ.update(
    {
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "ERROR",
        "EXTRACT__WORKERS": "20",
        "EXTRACT__MAX_PARALLEL_ITEMS": "40",
        "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
        "DATA_WRITER__DISABLE_COMPRESSION": "true",
        "DATA_WRITER__BUFFER_MAX_ITEMS": "20000",
    }
)

import dlt
from dlt.sources.rest_api import rest_api_source


def source(config: dict[str, Any]) -> Any:
    """The declared source."""
    if "access_token" in config:
        auth: dict[str, Any] = {"type": "bearer", "token": config["access_token"]}
        resources: list[dict[str, Any]] = [
            {
                "name": "candidates",
                "primary_key": "id",
                "endpoint": {
                    "path": "candidates",
                    "data_selector": "$",
                    "paginator": {
                        "type": "page_number",
                        "base_page": 1,
                        "page_param": "page",
                        "total_path": None,
                        "stop_after_empty_page": True,
                    },
                },
            },
            {
                "name": "candidate_details",
                "primary_key": "id",
                "parallelized": True,
                "endpoint": {
                    "path": "candidates/{resources.candidates.id}",
                    "data_selector": "$",
                    "paginator": "single_page",
                    "response_actions": [{"status_code": 404, "action": "ignore"}],
                },
            },
        ]
    else:
        auth = {"type": "http_basic", "username": config["app_id"], "password": config["app_secret"]}
        pages = {"type": "page_number", "base_page": 1, "page_param": "page", "total_path": "meta.last_page"}
        resources = [
            {
                "name": "exams",
                "primary_key": "id",
                "endpoint": {
                    "path": "exams",
                    "data_selector": "data",
                    "params": {"per_page": 100},
                    "paginator": pages,
                },
            },
            {
                "name": "tickets",
                "primary_key": "id",
                "parallelized": True,
                "endpoint": {
                    "path": "exams/{resources.exams.id}/tickets",
                    "data_selector": "data",
                    "params": {"per_page": 100},
                    "paginator": pages,
                },
            },
            {
                "name": "ticket_scores",
                "parallelized": True,
                "include_from_parent": ["id"],
                "endpoint": {
                    "path": "exams/tickets/{resources.tickets.id}/scores",
                    "data_selector": "data",
                    "paginator": "single_page",
                    "response_actions": [{"status_code": 404, "action": "ignore"}],
                },
            },
        ]
    return rest_api_source(
        {"client": {"base_url": config["base_url"] + "/", "auth": auth}, "resources": resources},
        max_table_nesting=0,
    )


def main() -> None:
    """The program."""
    *streams, config, folder = sys.argv[1:]
    declared = source(json.loads(Path(config).read_text()))
    if not streams:
        print(json.dumps(sorted(declared.resources)))
        return
    (stream,) = streams
    for name, resource in declared.resources.items():
        resource.selected = name == stream
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=f"{folder}/pipelines",
        destination=dlt.destinations.filesystem(bucket_url=f"{folder}/out"),
        dataset_name="bench",
    )
    pipeline.run(declared, loader_file_format="jsonl")
    print(json.dumps({"type": "COUNT", "records": pipeline.last_trace.last_normalize_info.row_counts[stream]}))


if __name__ == "__main__":
    main()
