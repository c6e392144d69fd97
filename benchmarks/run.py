"""All benchmarks: ``python dev.py bench [--quick] [NAME ...]``. Exits with 1 when a limit is not kept."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from measurement import Measurement, print_table

NAMES = (
    "fresh_process", "call_overhead", "event_loop", "many_processes", "kills", "memory_search", "memory_processes", "memory_store",
    "memory_import", "memory_cleanup", "memory_kills", "memory_chroma", "memory_quality", "security_scan", "security_import",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which of {', '.join(NAMES)}; all when none is named")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(NAMES))
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    measured: list[Measurement] = []
    for name in options.names or NAMES:
        print(f"-- {name}", flush=True)
        results = importlib.import_module(name).run(quick=options.quick)
        print_table(results)
        measured += results
    return 0 if all(m.kept for m in measured) else 1


if __name__ == "__main__":
    sys.exit(main())
