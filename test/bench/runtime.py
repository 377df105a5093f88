"""What tracing costs: CPU time traced against untraced, full detail streamed to a live listener in another process.

    python test/bench/runtime.py [--pairs 9] [--full] [--python PATH]... [--ways full,light] [--peers] [--servers] [--markdown FILE] [WORKLOAD...]

Both ways run in turns (ABBA) as fresh processes, so that what the machine does meanwhile hits both alike; a process warms the workload
up once, then measures its own processor time (all its threads) for it. The median of the ratios of neighbours is printed. Of servers
both ways run side by side, and get requests in turns: --pairs times, in processes of their own, a few turns each.
Peers and servers are measured where PATH has them installed: viztracer aiomonitor pyinstrument yappi fastapi uvicorn aiohttp uvloop.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile

import peers
import servers

HERE = os.path.dirname(os.path.abspath(__file__))
SITE = os.path.join(os.path.dirname(os.path.dirname(HERE)), "runtime", "python", "site")
TARGETS = {"spin": 1.25, "chain": 1.35, "chain re-entered": 1.7, "spawn": 1.4, "queue": 1.3, "echo": 1.35, "synchronous": 1.01}
TRACED = ("full", "light", "dormant")

ONE = """
import sys, time, gc, os
sys.path.insert(0, sys.argv[1])
if sys.argv[4] not in ("traced", "plain"):
    import peers
    exec(peers.PREAMBLES[sys.argv[4]])
import workloads
work = getattr(workloads, sys.argv[2])[sys.argv[3]]
workloads.SMALL[sys.argv[3]]()
gc.collect()
c = time.process_time_ns(); m = time.thread_time_ns(); w = time.perf_counter_ns()
steps = work()
m = time.thread_time_ns() - m; w = time.perf_counter_ns() - w
if sys.argv[4] == "traced":
    time.sleep(0.06)   # what is still to be sent is part of the cost
c = time.process_time_ns() - c
try:   # not getrusage's maximum, which begins with what the parent had when it forked
    peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
except OSError:
    peak = 0
print(c, steps, peak, c - m, flush=True)
os._exit(0) if sys.argv[4] not in ("traced", "plain") else None
"""

# Reads all that comes, as fast as it comes; of every program says how many bytes of records, and how many records, it sent.
LISTENER = """
import socket, struct, sys, threading
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(64); print('ready', flush=True)
def read(c):
    f = c.makefile('rb', 1 << 20); f.read(16); n = events = 0
    while True:
        head = f.read(8)
        if len(head) < 8: break
        length, kind = struct.unpack('<IB', head[:5])
        body = f.read(length)
        n += 8 + length
        if kind == 3: events += struct.unpack_from('<I', body, 12)[0]
    print(n, events, flush=True)
while True:
    c, _ = s.accept(); threading.Thread(target=read, args=(c,), daemon=True).start()
"""


class Listener:
    def __init__(self, folder):
        self.path = os.path.join(folder, "listener")
        self.process = subprocess.Popen([sys.executable, "-c", LISTENER, self.path], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def received(self):
        """(bytes, events) of the program that has just ended."""
        return tuple(map(int, self.process.stdout.readline().split()))

    def close(self):
        self.process.kill()
        self.process.wait()


def environment(way, listener):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LOOPSCOPE_", "PYTHON"))}
    if way in TRACED:
        env.update(PYTHONPATH=SITE, LOOPSCOPE_CHANNEL="unix:" + listener.path, LOOPSCOPE_DETAIL=way)
    if way == "debug":
        env["PYTHONASYNCIODEBUG"] = "1"
    return env


def measure(python, size, name, way, listener):
    """(processor ns, steps, peak KiB, processor ns of other threads, bytes, events) of one process; None if it fails: a peer's, and why is said on stderr."""
    how = "traced" if way in TRACED else way
    command = [python, "-c", ONE, HERE, size, name, how]
    done = subprocess.run(command, env=environment(way, listener), capture_output=True, text=True)
    if done.returncode or not done.stdout.strip():
        if way in peers.PREAMBLES:
            print("%s is left out of %s: %s" % (way, name, (done.stderr.splitlines() or ["no reason given"])[-1]), file=sys.stderr)
            return None
        raise SystemExit(done.stderr)
    cpu, steps, peak, others = map(int, done.stdout.split()[-4:])
    sent = listener.received() if way in ("full", "light") else (0, 0)
    return (cpu, steps, peak, others, *sent)


def quartiles(ratios):
    ratios = sorted(ratios)
    quarter = len(ratios) // 4
    return statistics.median(ratios), ratios[quarter], ratios[-quarter - 1]


def target(full, way):
    return {"full": full, "light": 1.1, "dormant": 1.01}.get(way, "")


def compare(python, size, name, way, pairs, listener):
    """A row of the table, or None where the way is not installed."""
    ratios, extra, each, drain = [], [], [], []
    for i in range(pairs):
        order = ["plain", way] if i % 2 else [way, "plain"]
        results = {w: measure(python, size, name, w, listener) for w in order}
        if results[way] is None:
            return None
        cpu, steps, peak, others, sent, events = results[way]
        ratios.append(cpu / results["plain"][0])
        extra.append(peak - results["plain"][2])
        if events:
            each.append(sent / events)
            # What the drain's share would be at 100,000 events a second. The warm-up's events are not in its time.
            warm = 2 if size == "SMALL" else 1
            drain.append(others / (events / warm) * 1e5 / 1e9 * 100)
    wire = ("%.0f" % statistics.median(each), "%.1f" % statistics.median(drain)) if each else ("", "")
    return (name, way, "%.2f (%.2f–%.2f)" % quartiles(ratios), target(TARGETS[name], way), *wire, "%.1f" % (max(extra) / 1024))


def compare_servers(python, pairs, ways, listener):
    for kind, full in servers.KINDS.items():
        for way in filter(TRACED.__contains__, ways):
            ratios = []
            for _ in range(pairs):
                of_pair = asyncio.run(servers.compare(python, kind, environment("plain", listener), environment(way, listener)))
                if not of_pair:
                    break
                if way != "dormant":
                    listener.received()
                ratios += of_pair
            if ratios:
                yield (kind, way, "%.2f (%.2f–%.2f)" % quartiles(ratios), target(full, way), "", "", "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--full", action="store_true", help="the sizes the targets were set for")
    parser.add_argument("--python", action="append")
    parser.add_argument("--ways", default="full")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--servers", action="store_true", help="processor time per request of servers")
    parser.add_argument("--markdown")
    parser.add_argument("workloads", nargs="*")
    options = parser.parse_args()
    lines = []

    def write(line):
        lines.append(line)
        print(line, flush=True)

    write("| CPython | workload | way | ratio (quartiles) | target | bytes an event | drain, % of a core at 100k events/s | memory, MB |")
    write("| --- | --- | --- | --- | ---: | ---: | ---: | ---: |")
    size = "FULL" if options.full else "SMALL"
    ways = options.ways.split(",") + (list(peers.PREAMBLES) if options.peers else [])
    with tempfile.TemporaryDirectory(prefix="loopscope-bench-") as folder:
        listener = Listener(folder)
        try:
            for python in options.python or [sys.executable]:
                version = subprocess.run([python, "-V"], capture_output=True, text=True).stdout.split()[1]
                for name in options.workloads or TARGETS:
                    for way in ways:
                        row = compare(python, size, name, way, options.pairs, listener)
                        if row is not None:
                            write("| %s | %s |" % (version, " | ".join(map(str, row))))
                if options.servers:
                    for row in compare_servers(python, options.pairs, ways, listener):
                        write("| %s | %s |" % (version, " | ".join(map(str, row))))
        finally:
            listener.close()
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
