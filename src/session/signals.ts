import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { isatty } from "node:tty";

/** Signals that ask a process to do something; the others either cannot be caught or mean a fault. */
const RELAYED: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"];
/** How long the sentinel may take to die of a signal that it got together with us, milliseconds. */
const GRACE_MS = 40;

/**
 * Gives a child the signals that we get, exactly once, and keeps us alive meanwhile. Ctrl-C and `kill -- -PGID`
 * reach the whole process group, so the child has them already; `kill PID` reaches only us. Nothing
 * in the signal tells the two apart, but a sentinel in the same group does: it dies of the first and not of the second.
 */
export class SignalRelay {
  private child: ChildProcess | null = null;
  private early: NodeJS.Signals[] = [];
  private sentinel: ChildProcess | null = null;
  /** What ended the last sentinel, and when: its end may be reported before the signal that we got with it. */
  private lastEnd: { signal: NodeJS.Signals | null; at: number } | null = null;
  private closed = false;
  private readonly handlers = new Map<NodeJS.Signals, () => void>();

  /** From now on signals no longer end this process. */
  constructor() {
    for (const signal of RELAYED) {
      if (process.platform === "win32" && signal !== "SIGINT") continue;
      const handler = () => void this.received(signal);
      this.handlers.set(signal, handler);
      process.on(signal, handler);
    }
    this.post();
  }

  /** Signals go to `child`, those that came before it was started included. */
  forward(child: ChildProcess): void {
    this.child = child;
    for (const signal of this.early.splice(0)) child.kill(signal);
  }

  /** Signals have their usual effect on this process again. */
  close(): void {
    this.closed = true;
    for (const [signal, handler] of this.handlers) process.off(signal, handler);
    this.handlers.clear();
    this.sentinel?.kill("SIGKILL");
    this.sentinel = null;
  }

  private async received(signal: NodeJS.Signals): Promise<void> {
    if (this.child === null) {
      this.early.push(signal);
      return;
    }
    if (await this.reachedGroup(signal)) return;
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
  }

  /** Waits on a pipe from us for a line that never comes, so it is gone when we are, however we end. */
  private post(): void {
    if (process.platform === "win32" || this.closed) return;
    const sentinel = spawn("/bin/sh", ["-c", "read _"], { stdio: ["pipe", "ignore", "ignore"] });
    sentinel.on("error", () => {});
    sentinel.stdin?.on("error", () => {});
    sentinel.unref();
    (sentinel.stdin as unknown as { unref?(): void } | null)?.unref?.();
    sentinel.once("exit", (_code, signal) => {
      this.lastEnd = { signal, at: performance.now() };
      if (this.sentinel === sentinel) this.post();
    });
    this.sentinel = sentinel;
  }

  private async reachedGroup(signal: NodeJS.Signals): Promise<boolean> {
    if (this.lastEnd?.signal === signal && performance.now() - this.lastEnd.at < GRACE_MS) return true;
    const sentinel = this.sentinel;
    // Without one: a terminal's Ctrl-C is what usually sends a signal.
    if (!sentinel?.pid) return isatty(0);
    for (let waited = 0; waited < GRACE_MS; waited += 10) {
      if (dying(sentinel)) return true;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return dying(sentinel);
  }
}

function dying(process: ChildProcess): boolean {
  if (process.exitCode !== null || process.signalCode !== null) return true;
  try {
    const status = readFileSync(`/proc/${process.pid}/status`, "utf8");
    // A zombie, or one that has a signal it has not been scheduled to die of yet.
    return /^State:\s+[ZX]/m.test(status) || /^S(?:ig|hd)Pnd:\s+0*[1-9a-f]/m.test(status);
  } catch {
    // No /proc (macOS): the exit event is all there is.
    return false;
  }
}
