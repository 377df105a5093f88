import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** `loopscope-run-NAMESPACE.PID-XXXXXX`: whose folder it is can be told without looking inside. */
const OWNED = /^loopscope-(?:run-)?(\d+)\.(\d+)-[A-Za-z0-9]{6}$/;

/**
 * Makes a folder of our own in the temporary one, 0700. Those that processes which were killed have left there, and could
 * not remove, are removed first.
 */
export function ownFolder(prefix: "loopscope-" | "loopscope-run-"): string {
  removeLeftovers();
  return mkdtempSync(join(tmpdir(), `${prefix}${namespace()}.${process.pid}-`));
}

function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = OWNED.exec(name);
    if (!owner || owner[1] !== namespace() || alive(Number(owner[2]))) continue;
    const path = join(tmpdir(), name);
    try {
      if (process.getuid && statSync(path).uid !== process.getuid()) continue;
      rmSync(path, { recursive: true, force: true });
    } catch {
      // Another loopscope that starts now was faster.
    }
  }
}

/** Whether a process of that id runs; one that has ended, and whose parent has not asked how, does not. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  try {
    return !/^[ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1) ?? "");
  } catch {
    return true; // no /proc, or it has just ended
  }
}

/** In which process ids mean what they mean here: containers may share the temporary folder. */
function namespace(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch {
    return "0"; // no /proc: there is only one
  }
}
