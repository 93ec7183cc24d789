"""A source that is nothing but a manifest: `python -m benchmarks.peers.airbyte SOURCE read --config … --catalog …`.

The manifests beside this file have what Airbyte's own tutorial teaches: pages by number, substreams, datetime cursors.
`num_workers` in the config is the number of the CDK's workers; without it, it is the CDK's own choice.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml
from airbyte_cdk.entrypoint import AirbyteEntrypoint, launch
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource

_HERE = Path(__file__).parent


def main() -> None:
    """The program."""
    source, *arguments = sys.argv[1:]
    parsed = AirbyteEntrypoint.parse_args(arguments)
    config = json.loads(Path(parsed.config).read_text()) if "config" in parsed else None
    catalog = json.loads(Path(parsed.catalog).read_text()) if "catalog" in parsed else None
    manifest = yaml.safe_load((_HERE / f"{source}.yaml").read_text())
    if not (config or {}).get("num_workers"):
        del manifest["concurrency_level"]
    launch(
        ConcurrentDeclarativeSource(
            catalog=ConfiguredAirbyteCatalogSerializer.load(catalog) if catalog else None,
            config=config,
            state=None,
            source_config=manifest,
        ),
        arguments,
    )


if __name__ == "__main__":
    main()
