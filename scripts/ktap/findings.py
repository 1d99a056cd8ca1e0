# SPDX-License-Identifier: GPL-2.0
"""Find the kernel's own reports of trouble in a kernel log.

Only the headers of the kernel's reports count. spanheap's reports of misuse,
which tests provoke, begin with "spanheap:" and are followed by a stack dump:
a "Call Trace:" is therefore no finding by itself.

A test that makes kmemleak list something says so in the log, "rig: expect
kmemleak": the next line of how many leaks are new, in the same test, is none
either. What is still listed when all tests have run fails the run all the same.

A test that provokes a report of KASAN says which, "rig: expect kasan: KIND in
FUNCTION": the next such report in the same test is no finding, nor is the taint
that it leaves. Any other one is, and a second one.
"""

import re
from dataclasses import dataclass, field

STAMP = re.compile(r"^(<\d+>)?\[\s*\d+\.\d+\](\[\s*[TC]\d+\])?\s?")

REPORT = re.compile(r"""
    ^(?:=+\ )?(?:
      (?:\[\ |watchdog:\ |workqueue:\ )?BUG:\  | BUG\ \S+\ \( | WARNING:\s
    | -+\[\ cut\ here\ \]-+
    | INFO:\ possible\  | INFO:\ trying\ to\ register\ non-static\ key
    | INFO:\ task\ .*\ blocked\ for\ more\ than | INFO:\ rcu.*\bstall
    | rcu:\ .*(?:\bstall|kthread\ starved) | .*possible\ circular\ locking
    | (?-i:K[AC]SAN:) | UBSAN: | ODEBUG: | DEBUG_LOCKS_WARN_ON
    | kmemleak:\ (?:\d+\ new\ suspected|.*disabled)
    | Oops\b | Kernel\ panic | general\ protection\ fault | double\ fault:
    | Unable\ to\ handle\ kernel | invalid\ opcode: | stack\ segment:
    | list_(?:add|del)\ corruption | refcount_t: | usercopy: | cache_from_obj:
    | Bad\ page\ state | Bad\ rss-counter | .*:\ nobody\ cared
    )""", re.X | re.I)

EXPECT = "rig: expect kmemleak"
EXPECT_KASAN = "rig: expect kasan: "
LEAKS = re.compile(r"kmemleak: \d+ new suspected")
END = re.compile(r"---\[ end trace|rig: ")
LONGEST = 40


@dataclass
class Finding:
    """One report and where the tests were when it came."""

    title: str
    where: str
    lines: list = field(default_factory=list)


def strip_stamp(line):
    """A line of the kernel log without its time stamp."""
    return STAMP.sub("", line.rstrip("\r\n"))


def find(lines):
    """All findings in a kernel log. What follows a header, up to the end of the
    report or LONGEST lines, belongs to it, other headers included."""
    findings = []
    where = "boot"
    current = None
    expected = 0
    kasan = None
    for line in map(strip_stamp, lines):
        if line.startswith("rig: begin "):
            where = line[len("rig: begin "):]
        if line.startswith("rig: "):
            expected = expected + 1 if line == EXPECT else 0
            kasan = line[len(EXPECT_KASAN):] if line.startswith(EXPECT_KASAN) else None
        if expected and LEAKS.match(line):
            expected -= 1
            continue
        if kasan and line.startswith(f"BUG: KASAN: {kasan}+"):
            kasan = None
            continue
        if current is None and REPORT.match(line):
            current = Finding(line, where)
            findings.append(current)
        if current:
            if len(current.lines) == 1 and "[ cut here ]" in current.title:
                current.title = line
            current.lines.append(line)
            if END.match(line) or len(current.lines) == LONGEST:
                current = None
    return findings


def expects_kasan(lines):
    """Whether a test said in a kernel log that it provokes a report of KASAN."""
    return any(strip_stamp(line).startswith(EXPECT_KASAN) for line in lines)


def taint(value, kasan=False):
    """What the kernel's taint flags say went wrong, in words; less what a report
    of KASAN leaves, if there was to be one."""
    bad = {1: "forced module load", 3: "forced module unload", 4: "machine check",
           5: "bad page", 7: "oops or BUG", 9: "WARNING", 14: "soft lockup"}
    if kasan:
        del bad[5]
    return [word for bit, word in bad.items() if value >> bit & 1]
