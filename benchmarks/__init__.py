"""What syncs cost: `python -m benchmarks.requests` counts requests, `python -m benchmarks.memory` measures memory."""
