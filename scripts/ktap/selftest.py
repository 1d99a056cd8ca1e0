#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Check the judge itself: made-up runs, and what must be said of them.

Prints KTAP. Each case is a function; its first line of doc is its name.
"""

import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from findings import find, taint
from ktap import parse
from report import durations, judge

SCRIPTS = Path(__file__).resolve().parent.parent

KUNIT = """KTAP version 1
1..2
    KTAP version 1
    # Subtest: first
    1..2
    ok 1 one
        KTAP version 1
        # Subtest: two
        ok 1 8 bytes
        ok 2 16 bytes
    ok 2 two
# first: pass:2 fail:0 skip:0 total:2
ok 1 first
    KTAP version 1
    # Subtest: second
    1..2
    ok 1 one
    ok 2 two # SKIP not here
ok 2 second"""

SELFTEST = "TAP version 13\n1..2\nok 1 loads \nok 2 unloads # SKIP\n# Totals: pass:1"

LOCKDEP = """
======================================================
WARNING: possible circular locking dependency detected
6.1.0 #1 Not tainted
------------------------------------------------------
insmod/77 is trying to acquire lock:"""

BAD_FREE = """spanheap: bad free: 0x1234 in heap test: freed already
CPU: 0 PID: 77 Comm: insmod
Call Trace:
 dump_stack_lvl+0x44/0x5c"""


def stamped(text):
    """As it would stand in a kernel log."""
    return "\n".join(f"[    1.{i:06d}] {line}" for i, line in enumerate(text.split("\n")))


def outcomes(text):
    """How many leaves of a KTAP text passed, failed, were skipped."""
    leaves = [t.outcome for test in parse(text.split("\n")) for _, t in test.leaves()]
    return tuple(leaves.count(o) for o in ("passed", "failed", "skipped"))


def run(tests="kunit", kunit=KUNIT, selftest=None, log="", **files):
    """Judge a made-up run; returns (passed, failed, skipped, findings)."""
    console = "boot\n"
    output = ""
    if kunit is not None:
        console += f"rig: begin kunit\n{kunit}\nrig: end kunit status 0\n"
    console += log
    if selftest is not None:
        output += f"rig: begin selftest test_x\n{selftest}\nrig: end selftest status 0\n"
    output += "rig: end of tests\n"
    content = {"console.log": stamped(console), "output": output, "tests": tests,
               "status": "0", "suite": "*"}
    content.update({name.replace("__", "/"): text for name, text in files.items()})

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "results").mkdir()
        for file, text in content.items():
            (folder / file).write_text(text)
        judged, found = judge(folder)
    leaves = [t.outcome for test in judged for _, t in test.leaves()]
    return tuple(leaves.count(o) for o in ("passed", "failed", "skipped")) + (found,)


def case_counts():
    """leaves are counted, parameters and skips included"""
    return outcomes(KUNIT) == (4, 0, 1)


def case_failed_leaf():
    """a failed case fails, and not its suite a second time"""
    text = KUNIT.replace("    ok 1 one\n    ok 2", "    not ok 1 one\n    ok 2")
    return outcomes(text.replace("ok 2 second", "not ok 2 second")) == (3, 1, 1)


def case_failed_suite():
    """a suite that fails with all cases passed is a failure"""
    return outcomes(KUNIT.replace("\nok 1 first", "\nnot ok 1 first")) == (4, 1, 1)


def case_truncated():
    """KTAP cut off after any line but the last fails"""
    lines = KUNIT.split("\n")
    return all(outcomes("\n".join(lines[:n]))[1] > 0 for n in range(len(lines)))


def case_no_plan():
    """KTAP without a plan fails"""
    return outcomes("TAP version 13\nok 1 a") == (1, 1, 0)


def case_missing_result():
    """fewer or more results than planned fail"""
    return (outcomes("TAP version 13\n1..3\nok 1 a\nok 2 b") == (2, 1, 0)
            and outcomes("TAP version 13\n1..1\nok 1 a\nok 2 b") == (2, 1, 0))


def case_bail_out():
    """a bail out fails"""
    return outcomes("TAP version 13\n1..1\nok 1 a\nBail out! no")[1] > 0


def case_good_run():
    """a good run passes"""
    return (run() == (4, 0, 1, 0)
            and run("selftests", None, SELFTEST) == (1, 0, 1, 0)
            and run("kunit selftests", KUNIT, SELFTEST) == (5, 0, 2, 0))


def case_bad_free():
    """a report of misuse by spanheap is no finding, whatever it traces"""
    return run(log=BAD_FREE) == (4, 0, 1, 0)


def case_introduction():
    """a sanitizer that says it is there is no finding"""
    return run(log="kcsan: enabled early\nkcsan: strict mode configured") == (4, 0, 1, 0)


def case_expected_kmemleak():
    """one line of new leaks is no finding where a test says that it expects it"""
    leaks = "kmemleak: 2 new suspected memory leaks (see /sys/kernel/debug/kmemleak)"
    return (run(log=f"rig: expect kmemleak\n[    1.2] {leaks}") == (4, 0, 1, 0)
            and run(log=f"rig: expect kmemleak\n{leaks}\n{leaks}") == (4, 1, 1, 1)
            and run(log=f"rig: expect kmemleak\nrig: begin x\n{leaks}") == (4, 1, 1, 1)
            and run(log="rig: expect kmemleak\nBUG: KASAN: x in f+0x1/0x2") == (4, 1, 1, 1)
            and run(log=f"rig: expect kmemleak\nkmemleak: Kernel memory leak detector disabled"
                    ) == (4, 1, 1, 1))


def case_expected_kasan():
    """one report of KASAN is no finding where a test says that it expects it"""
    expect, title = "rig: expect kasan: use-after-free in f", "BUG: KASAN: use-after-free in f+0x1/0x2"
    report = f"{'=' * 66}\n{title} [x]\nWrite of size 8 at addr 1 by task sh/1\nCall Trace:\n{'=' * 66}"
    tainted = {"results__tainted": f"{1 << 5 | 1 << 12}\n"}
    return (run(log=f"{expect}\n{report}", **tainted) == (4, 0, 1, 0)
            and run(log=f"{expect}\nrig: end of it\n{expect}\n{report}") == (4, 0, 1, 0)
            and run(log=f"{expect}\n{report}\n{report}") == (4, 1, 1, 1)
            and run(log=f"{expect}\nrig: begin x\n{report}") == (4, 1, 1, 1)
            and run(log=f"{expect}\n{report.replace(' in f+', ' in g+')}") == (4, 1, 1, 1)
            and run(log=f"{expect}\n{report.replace('use-after-free', 'out-of-bounds')}") == (4, 1, 1, 1)
            and run(log=f"{expect}\n{report}\n------------[ cut here ]------------\nWARNING: x"
                    ) == (4, 1, 1, 1)
            and run(**tainted) == (4, 1, 1, 1))


def case_findings():
    """each kind of kernel report fails a run"""
    reports = [
        LOCKDEP,
        "------------[ cut here ]------------\nWARNING: CPU: 0 PID: 1 at mm/x.c:1 f+0x1/0x2",
        "BUG: KASAN: slab-out-of-bounds in f+0x1/0x2",
        "==================================================================\n"
        "BUG: KCSAN: data-race in f / g",
        "BUG: sleeping function called from invalid context at mm/x.c:1",
        "BUG kmalloc-64 (Tainted: G    B  ): Redzone overwritten",
        "BUG: kernel NULL pointer dereference, address: 0000000000000000",
        "Oops: 0000 [#1] PREEMPT SMP", "Oops: Oops: 0000 [#1]", "Kernel panic - not syncing: x",
        "general protection fault, probably for non-canonical address 0x1",
        "Oops: general protection fault, probably for non-canonical address 0x1",
        "INFO: possible recursive locking detected",
        "INFO: task insmod:77 blocked for more than 120 seconds.",
        "INFO: trying to register non-static key.",
        "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
        "rcu: INFO: rcu_preempt self-detected stall on CPU",
        "[ BUG: Invalid wait context ]",
        "watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [insmod:77]",
        "BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 30s!",
        "kmemleak: 2 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
        "UBSAN: shift-out-of-bounds in x.c:1:2",
        "ODEBUG: free active (active state 0) object: x object type: work_struct",
        "list_add corruption. prev->next should be next (x), but was y.",
        "WARNING: suspicious RCU usage",
    ]
    missed = [report for report in reports if run(log=report) != (4, 1, 1, 1)]
    for report in missed:
        print(f"# missed: {report!r}")
    return not missed


def case_kmemleak():
    """a kmemleak entry fails a run"""
    return run(results__kmemleak="unreferenced object 0x1 (size 64):\n") == (4, 1, 1, 1)


def case_taint():
    """a taint by a warning fails a run, an out-of-tree module does not"""
    return (run(results__tainted=f"{1 << 9 | 1 << 12}\n") == (4, 1, 1, 1)
            and run(results__tainted=f"{1 << 12 | 1 << 13 | 1 << 18}\n") == (4, 0, 1, 0)
            and taint(0) == [])


def case_machine():
    """a panic, a time limit or a lost end fails a run"""
    return (all(run(status=status) == (4, 1, 1, 0) for status in ("123", "124", "125"))
            and run(output="nothing\n") == (4, 1, 1, 0))


def case_cut_section():
    """a run cut off in the middle of a suite fails"""
    half = "[ 1.0] rig: begin kunit\n" + stamped("\n".join(KUNIT.split("\n")[:8]))
    return (run(**{"console.log": half})[1] >= 1
            and run("selftests", None, **{"output": "rig: begin selftest test_x\n" + SELFTEST})[1] == 2)


def case_nothing():
    """a run without tests fails"""
    return (run("kunit", None)[1] == 1 and run("selftests", None)[1] == 1
            and run("kunit", "insmod: not found")[1] >= 1)


def case_status():
    """a script that ends with an error fails, although its tests passed"""
    output = f"rig: begin selftest test_x\n{SELFTEST}\nrig: end selftest status 1\n"
    return run("selftests", None, output=output + "rig: end of tests\n")[:3] == (1, 1, 1)


def case_where():
    """a finding names the suite it appeared in"""
    lines = stamped("rig: begin selftest test_x\n" + LOCKDEP).split("\n")
    return [f.where for f in find(lines)] == ["selftest test_x"]


def case_durations():
    """a slow run passes, and the summary says what took long"""
    log = ["[    1.0] rig: begin kunit", "[    2.5] ok 1 first", "[ 9002.5] not ok 2 second",
           "[ 9002.5]     ok 1 no_suite", "[ 9003.0] rig: end kunit status 0",
           "[ 9004.0][    T1] rig: begin selftest test_x", "[19004.0] rig: end selftest status 0",
           "[19005.0] rig: begin selftest test_y"]
    slow = stamped("rig: begin kunit\n" + KUNIT + "\nrig: end kunit status 0").replace("[    1.", "[99999.")
    return (durations(log) == [(1.5, "first"), (9000.0, "second"), (10000.0, "test_x")]
            and run(**{"console.log": slow}) == (4, 0, 1, 0))


def case_silent_selftest():
    """a selftest that was killed for its silence fails, and it is said"""
    output = ("rig: begin selftest test_x\nTAP version 13\n1..1\n# rig: silent for 600 s, killed\n"
              "rig: end selftest status 137\nrig: end of tests\n")
    return run("selftests", None, output=output)[:2] == (0, 2)


def killed_by_machine(command):
    """Whether what stops silent machines stops this one, a shell command."""
    script = """. "$0/rig/machine.sh"; silence=3; cd "$1"; : >console.log
        (eval "$2") >output 8>&- & stop_when_silent $! . & wait $!; [ -e silent ]"""
    with tempfile.TemporaryDirectory() as folder:
        return not subprocess.run(["bash", "-c", script, SCRIPTS, folder, command], timeout=600,
                                  stderr=subprocess.DEVNULL, check=False).returncode


def killed_by_guest(command):
    """Whether what stops silent selftests stops this one, and says so."""
    text = (SCRIPTS / "guest" / "tests").read_text()
    functions = [re.search(rf"^{name}\(\)\n{{.*?^}}\n", text, re.M | re.S).group(0)
                 for name in ("show_waiting", "kill_when_silent")]
    script = "".join(functions) + """SILENCE=3 PERIOD=1 said=$0/said; : >"$said"
        setsid sh -c "$1" >"$said" & kill_when_silent $! & wait"""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["busybox", "sh", "-c", script, folder, command], timeout=600,
                              capture_output=True, text=True, check=False)
    return "# rig: silent for 3 s, killed\n" in done.stdout


# Five seconds with a line each fifth of one, and a line with nothing after it.
TALKS = "for i in $(seq 25); do echo $i; sleep 0.2; done"
HANGS = "echo; exec sleep 300"


def case_silence():
    """a machine or selftest that hangs is stopped, one that is slow is not"""
    with ThreadPoolExecutor() as pool:
        stopped = pool.map(lambda judge, command: judge(command),
                           [killed_by_machine, killed_by_machine, killed_by_guest, killed_by_guest],
                           [HANGS, TALKS, HANGS, TALKS])
        return list(stopped) == [True, False, True, False]


def main():
    """Run all cases."""
    cases = [(f.__doc__, f) for name, f in globals().items() if name.startswith("case_")]
    failed = 0
    print(f"TAP version 13\n1..{len(cases)}")
    for number, (name, case) in enumerate(cases, 1):
        good = case()
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
