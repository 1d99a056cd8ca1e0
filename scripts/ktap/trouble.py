# SPDX-License-Identifier: GPL-2.0
"""Print what the kernel log, kmemleak and the taint flags of a long run report;
exit with 1 if there is anything. May be called while the machine runs."""

import re
import sys
from pathlib import Path

from findings import find, strip_stamp
from report import judge_log, read

# spanheap's own reports: nothing in a long run misuses it.
OWN = re.compile(r"spanheap: (?:bad |.*leak)|spanheap_soak: error|oom-kill|Out of memory")


def main(folder):
    """The reports of one run."""
    console = read(folder / "console.log")
    own = [line for line in map(strip_stamp, console) if OWN.search(line)]
    _, tests = judge_log(folder, console)
    for line in own[:40]:
        print(line)
    for test in tests:
        print("\n".join(test.lines[:200]))
    return 1 if own or find(console) or tests else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
