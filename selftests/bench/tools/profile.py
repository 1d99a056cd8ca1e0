# SPDX-License-Identifier: GPL-2.0
"""Count the instructions of each allocator call by function.

usage: profile.py WORKDIR QEMU-COMMAND...

The machine runs /workload twice (see profile-guest). During the second time
QEMU logs each instruction as a block of its own. What runs between two
instructions of the benchmark module is a call of it; calls are told apart by
the function that they enter. Each CPU makes its own calls; waiting for another
CPU is done by the benchmark module and does not count, nor do interrupts. A
string instruction counts once for each repetition.
"""

import bisect
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict

INTERRUPTS = re.compile(r"asm_(sysvec_|common_interrupt|exc_)")
RETURN = "native_irq_return_iret"
CALLS = re.compile(r"(spanheap_|__?kmalloc|kfree|kmem_cache_(alloc|free)|kv|v(malloc|free))")
TRACE = re.compile(r"Trace (\d+):.*\[[0-9a-f]+/([0-9a-f]{16})/")


class Symbols:
    """From an address to the name of the function there."""

    def __init__(self, lines):
        found = set()
        for line in lines:
            match = re.match(r"([0-9a-f]{16}) [tTwW] (\S+)(?:\s+\[(\S+)\])?", line)
            if match:
                found.add((int(match[1], 16), match[2], match[3] or ""))
        self.symbols = sorted(found)
        self.addresses = [symbol[0] for symbol in self.symbols]
        self.known = {}

        self.entries = {symbol[0] for symbol in found if INTERRUPTS.match(symbol[1])}
        self.returns = {symbol[0] for symbol in found if symbol[1] == RETURN}

    def find(self, address):
        if address not in self.known:
            at = max(0, bisect.bisect_right(self.addresses, address) - 1)
            self.known[address] = self.symbols[at][1:]
        return self.known[address]


class Calls:
    """Sums up calls while the instructions go by."""

    def __init__(self, symbols):
        self.symbols = symbols
        self.number = Counter()
        self.functions = defaultdict(Counter)
        self.lengths = defaultdict(Counter)
        self.current = {}
        self.depth = Counter()

    def is_interrupt(self, cpu, address):
        if address in self.symbols.entries:
            self.depth[cpu] += 1
        elif address in self.symbols.returns:
            self.depth[cpu] = max(0, self.depth[cpu] - 1)
            return True
        return self.depth[cpu] > 0

    def instruction(self, cpu, address):
        if self.is_interrupt(cpu, address):
            return
        name, module = self.symbols.find(address)
        call = self.current.get(cpu)
        if module == "spanheap_bench":
            if call:
                self.finish(*call)
            self.current[cpu] = None
        elif call:
            call[1][name] += 1
        else:
            self.current[cpu] = name, Counter({name: 1})

    def finish(self, call, functions):
        # Somebody else ran in between: what is whose cannot be told.
        if "__schedule" in functions:
            return
        self.number[call] += 1
        self.functions[call].update(functions)
        self.lengths[call][sum(functions.values())] += 1

    def print(self):
        for call, number in self.number.most_common():
            if not CALLS.match(call) or number < 10:
                continue
            functions = self.functions[call]
            usual, times = self.lengths[call].most_common(1)[0]
            print(f"\n{call}: {number} calls, usually {usual} instructions "
                  f"({100 * times / number:.0f} %), on average "
                  f"{sum(functions.values()) / number:.1f}:\n")
            for name, count in functions.most_common(25):
                if count / number >= 0.5:
                    print(f"  {count / number:8.1f}  {name}")


def connect(path):
    for _ in range(100):
        try:
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(path)
            return sock
        except OSError:
            time.sleep(0.1)
    sys.exit("profile: QEMU does not start")


def wait_for(path, word, seconds=120):
    """The output so far, as soon as it has the line."""
    for _ in range(seconds * 10):
        if os.path.exists(path):
            with open(path, encoding="ascii", errors="replace") as f:
                text = f.read()
            if re.search(rf"^{word}\r?$", text, re.MULTILINE):
                return text
        time.sleep(0.1)
    sys.exit(f"profile: no '{word}' within {seconds} s")


def command(monitor, *lines):
    for line in lines:
        monitor.sendall((line + "\n").encode())
        time.sleep(0.3)
    monitor.recv(1 << 16)


def start(work, qemu):
    """QEMU with sockets for its monitor and the third serial line."""
    def path(name):
        return os.path.join(work, name)

    for name in ("monitor", "answer", "log", "output"):
        if os.path.exists(path(name)):
            os.remove(path(name))
    os.mkfifo(path("log"))
    machine = subprocess.Popen(
        qemu + ["-D", path("log"),
                "-monitor", f"unix:{path('monitor')},server,nowait",
                "-serial", f"file:{path('console.log')}",
                "-serial", f"file:{path('output')}",
                "-serial", f"unix:{path('answer')},server,nowait"])
    return machine, path


def read_log(path, calls):
    with open(path, encoding="ascii", errors="replace") as log:
        for line in log:
            match = TRACE.search(line)
            if match and calls:
                calls[0].instruction(match[1], int(match[2], 16))


def main():
    machine, path = start(sys.argv[1], sys.argv[2:])
    calls = []
    reader = threading.Thread(target=read_log, args=(path("log"), calls))
    reader.start()
    try:
        monitor, answer = connect(path("monitor")), connect(path("answer"))
        text = wait_for(path("output"), "ready")
        calls.append(Calls(Symbols(text.splitlines())))
        # One instruction a block; the option's name depends on the version.
        command(monitor, "singlestep on", "one-insn-per-tb on", "log exec,nochain")
        answer.sendall(b"go\n")
        wait_for(path("output"), "done", 900)
        command(monitor, "log none")
        answer.sendall(b"go\n")
        machine.wait(60)
    finally:
        machine.kill()
    reader.join()
    calls[0].print()


if __name__ == "__main__":
    main()
