"""A worker that sweeps once when it is told to; says when it had finished by the machine's monotonic clock."""

import json
import sys
import time

import django


def main() -> None:
    """Say ``ready``, wait for a line, sweep, report as JSON."""
    django.setup()
    from django.db import connection

    from cases import sweeping
    from responsibility import directory

    directory.current()  # a worker that has lived for a while knows its district
    connection.ensure_connection()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    report = sweeping.sweep()
    sys.stdout.write(json.dumps(vars(report) | {"ended": time.perf_counter()}))


if __name__ == "__main__":
    main()
