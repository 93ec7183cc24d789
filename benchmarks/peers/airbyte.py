"""A source that is nothing but a manifest: `python -m benchmarks.peers.airbyte SOURCE read --config … --catalog …`.

The manifests are those of portable/, the best that airbyte-cdk alone can do. `num_workers` in the config is the number
of the CDK's workers.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml
from airbyte_cdk.entrypoint import AirbyteEntrypoint, launch
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource

_MANIFESTS = Path(__file__).resolve().parents[2] / "portable"


def main() -> None:
    """The program."""
    source, *arguments = sys.argv[1:]
    parsed = AirbyteEntrypoint.parse_args(arguments)
    config = json.loads(Path(parsed.config).read_text()) if "config" in parsed else None
    catalog = json.loads(Path(parsed.catalog).read_text()) if "catalog" in parsed else None
    manifest = yaml.safe_load((_MANIFESTS / f"{source}.yaml").read_text(encoding="utf-8"))
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
