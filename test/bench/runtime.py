"""What tracing costs: CPU time traced against untraced, full detail streamed to a live listener in another process.

    python test/bench/runtime.py [--pairs 9] [--full] [--python PATH]... [--ways full,light,debug] [--markdown FILE] [WORKLOAD...]

Both ways run in turns (ABBA) as fresh processes, so that what the machine does meanwhile hits both alike; a process warms the workload
up once, then measures its own processor time (all its threads) for it. The median of the ratios of neighbours is printed.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SITE = os.path.join(os.path.dirname(os.path.dirname(HERE)), "runtime", "python", "site")
TARGETS = {"spin": 1.25, "chain": 1.35, "chain re-entered": 1.7, "spawn": 1.4, "queue": 1.3, "echo": 1.35, "synchronous": 1.01}

ONE = """
import sys, time, gc
sys.path.insert(0, sys.argv[1])
import workloads
work = getattr(workloads, sys.argv[2])[sys.argv[3]]
workloads.SMALL[sys.argv[3]]()
gc.collect()
c = time.process_time_ns(); w = time.perf_counter_ns()
steps = work()
if sys.argv[4] == "traced":
    time.sleep(0.06)   # what is still to be sent is part of the cost
c = time.process_time_ns() - c
import resource
print(c, steps, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


class Listener:
    """Reads all that comes, as fast as it comes, in a process of its own."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "listener")
        code = (
            "import socket, sys, threading\n"
            "s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(64); print('ready', flush=True)\n"
            "def read(c):\n"
            "    n = 0\n"
            "    while True:\n"
            "        d = c.recv(1 << 20)\n"
            "        if not d: break\n"
            "        n += len(d)\n"
            "    print(n, flush=True)\n"
            "while True:\n"
            "    c, _ = s.accept(); threading.Thread(target=read, args=(c,), daemon=True).start()\n"
        )
        self.process = subprocess.Popen([sys.executable, "-c", code, self.path], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def received(self):
        return int(self.process.stdout.readline())

    def close(self):
        self.process.kill()
        self.process.wait()


def measure(python, size, name, way, listener):
    """(processor ns, steps, bytes sent, peak KiB) of one process."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LOOPSCOPE_", "PYTHON"))}
    traced = way in ("full", "light", "dormant")
    if traced:
        env.update(PYTHONPATH=SITE, LOOPSCOPE_CHANNEL="unix:" + listener.path, LOOPSCOPE_DETAIL=way)
    if way == "debug":
        env["PYTHONASYNCIODEBUG"] = "1"
    done = subprocess.run(
        [python, "-c", ONE, HERE, size, name, "traced" if traced else "plain"], env=env, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    cpu, steps, peak = map(int, done.stdout.split())
    return cpu, steps, listener.received() if traced else 0, peak


def compare(python, size, name, way, pairs, listener):
    ratios, sent, extra, steps = [], [], [], 1
    for i in range(pairs):
        order = ["plain", way] if i % 2 else [way, "plain"]
        results = {w: measure(python, size, name, w, listener) for w in order}
        ratios.append(results[way][0] / results["plain"][0])
        steps = results[way][1]
        sent.append(results[way][2])
        extra.append(results[way][3] - results["plain"][3])
    ratios.sort()
    quarter = len(ratios) // 4
    return statistics.median(ratios), ratios[quarter], ratios[-quarter - 1], statistics.median(sent) / steps / (2 if size == "SMALL" else 1), max(extra) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--full", action="store_true", help="the sizes the targets were set for")
    parser.add_argument("--python", action="append")
    parser.add_argument("--ways", default="full")
    parser.add_argument("--markdown")
    parser.add_argument("workloads", nargs="*")
    options = parser.parse_args()
    pythons = options.python or [sys.executable]
    lines = ["| CPython | workload | way | ratio (quartiles) | target | bytes a step | memory, MB |", "| --- | --- | --- | --- | ---: | ---: | ---: |"]
    print("\n".join(lines))
    with tempfile.TemporaryDirectory(prefix="loopscope-bench-") as folder:
        listener = Listener(folder)
        try:
            for python in pythons:
                version = subprocess.run([python, "-V"], capture_output=True, text=True).stdout.split()[1]
                for name in options.workloads or TARGETS:
                    for way in options.ways.split(","):
                        row = compare(python, "FULL" if options.full else "SMALL", name, way, options.pairs, listener)
                        target = TARGETS[name] if way == "full" else 1.1 if way == "light" else 1.01 if way == "dormant" else "-"
                        line = "| %s | %s | %s | %.2f (%.2f–%.2f) | %s | %.0f | %.1f |" % (version, name, way, *row[:3], target, *row[3:])
                        lines.append(line)
                        print(line, flush=True)
        finally:
            listener.close()
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
