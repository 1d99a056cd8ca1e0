# SPDX-License-Identifier: GPL-2.0
"""Pack "SLOT SIZE" lines from stdin into the trace that spanheap_bench loads.

The layout is that of struct bench_trace in selftests/bench/trace.h.
"""

import struct
import sys

MAGIC = 0x31544853


def main():
    events = bytearray()
    slots = largest = 0
    for line in sys.stdin:
        slot, size = map(int, line.split())
        events += struct.pack("=II", slot, size)
        slots = max(slots, slot + 1)
        largest = max(largest, size)

    count = len(events) // 8
    header = struct.pack("=IIII", MAGIC, slots, count, largest)
    sys.stdout.buffer.write(header + events)
    print(f"{count} events, at most {slots} objects alive, the largest of "
          f"{largest} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
