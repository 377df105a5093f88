import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { basename } from "node:path";
import { type Dormant, dormantPrograms } from "./control";
import { sessions } from "./registry";

/** A Python process of this machine, and whether it can be attached to. */
export interface PythonProcess {
  pid: number;
  argv: string[];
  /** Null where it cannot be known. */
  cwd: string | null;
  user: string;
  /** Such as "3.12", or null. */
  version: string | null;
  /** Path of the interpreter, or null. */
  executable: string | null;
  /** How it can be attached to: over its control socket, through `sys.remote_exec`, or not. */
  how: "dormant" | "remote" | null;
  /** Why not, and what to do; "" when it can be. */
  why: string;
}

const INTERPRETER = /^(?:python|pypy)(?:\d+(?:\.\d+)?t?)?(?:\.exe)?$/;
/** The first CPython that runs a script for another process. */
const REMOTE_MINOR = 14;

/** A command line as a person would have typed it: `python3 shop.py`, without the interpreter's folder. */
export function readableCommand({ argv, pid }: Pick<PythonProcess, "argv" | "pid">): string {
  if (argv.length === 0) return `process ${pid}`;
  const [interpreter, ...rest] = argv;
  const quoted = rest.map((word) => (/^[\w@%+=:,./~-]+$/.test(word) ? word : JSON.stringify(word)));
  return [basename(interpreter), ...quoted].join(" ");
}

/** Why there is no attaching there: the runtime waits on a Unix socket, and Python has none on Windows. */
export const NOT_ON_WINDOWS =
  "attaching to a program that runs already is not possible on Windows yet: start it with loopscope run";

/** The Python processes of this machine, those that can be attached to first, then by process id. Throws where that is not possible. */
export function pythonProcesses(): PythonProcess[] {
  if (process.platform === "win32") throw new Error(NOT_ON_WINDOWS);
  const dormant = new Map(dormantPrograms().map((each) => [each.pid, each]));
  const traced = new Set(sessions().flatMap(({ programs }) => programs));
  const found = (process.platform === "linux" ? fromProc() : fromPs())
    .filter(({ pid }) => pid !== process.pid)
    .filter(({ argv, executable, pid }) => dormant.has(pid) || isPython(argv, executable));
  const judged = found.map((each) => ({ ...each, ...judge(each, dormant.get(each.pid), traced) }));
  return judged.sort((a, b) => Number(a.how === null) - Number(b.how === null) || a.pid - b.pid);
}

type Seen = Omit<PythonProcess, "how" | "why"> & { uid: number };

function isPython(argv: string[], executable: string | null): boolean {
  const names = [executable, argv[0]].filter((name) => name != null);
  return argv.length > 0 && names.some((name) => INTERPRETER.test(basename(name)));
}

function judge(
  seen: Seen,
  dormant: Dormant | undefined,
  traced: ReadonlySet<number>,
): Pick<PythonProcess, "how" | "why" | "version"> {
  const version = dormant?.version.replace(/\.\d+$/, "") ?? seen.version;
  const no = (why: string) => ({ how: null, why, version });
  if (traced.has(seen.pid)) return no("it is being traced already");
  if (process.getuid && seen.uid !== process.getuid()) {
    return no(`it belongs to ${seen.user}: run loopscope as that user`);
  }
  if (dormant) return { how: "dormant", why: "", version };
  const [major, minor] = (version ?? "0.0").split(".").map(Number);
  if (major === 3 && minor >= REMOTE_MINOR) return { how: "remote", why: "", version };
  if (version !== null && (major < 3 || minor < 10)) {
    return no(`it is Python ${version}: Loopscope needs 3.10 or newer`);
  }
  return no(
    "start it with loopscope run --dormant, or let it call loopscope_runtime.start(): " +
      `Python ${version ?? "before 3.14"} lets nobody in otherwise`,
  );
}

function fromProc(): Seen[] {
  const users = userNames();
  const found: Seen[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const argv = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0").slice(0, -1);
      if (argv.length === 0) continue; // a kernel thread, or one that has ended
      const uid = statSync(`/proc/${name}`).uid;
      const executable = link(`/proc/${name}/exe`);
      const user = users.get(uid) ?? String(uid);
      const version = isPython(argv, executable) ? versionOf(name, executable) : null;
      found.push({ pid: Number(name), argv, cwd: link(`/proc/${name}/cwd`), user, uid, version, executable });
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

function link(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null; // another user's
  }
}

function userNames(): Map<number, string> {
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  return new Map(lines.map((line) => line.split(":")).map(([name, , uid]) => [Number(uid), name]));
}

/** "3.12": told by the name of the interpreter's file, or by the library it has loaded. */
function versionOf(pid: string, executable: string | null): string | null {
  const named = /python(\d\.\d+)t?$/.exec(executable ?? "");
  if (named) return named[1];
  try {
    return /\/(?:lib)?python(3\.\d+)/.exec(readFileSync(`/proc/${pid}/maps`, "utf8"))?.[1] ?? null;
  } catch {
    return null;
  }
}

/** Where there is no /proc: the words of a command line cannot be told apart, and the folder is not known. */
function fromPs(): Seen[] {
  const text = execFileSync("ps", ["-axww", "-o", "pid=,uid=,user=,command="], { encoding: "utf8" });
  return text.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line);
    if (!match) return [];
    const argv = match[4].split(" ");
    const version = /python(\d\.\d+)t?$/.exec(argv[0])?.[1] ?? null;
    const seen = { pid: Number(match[1]), uid: Number(match[2]), user: match[3] };
    return [{ ...seen, argv, cwd: null, version, executable: argv[0] }];
  });
}
