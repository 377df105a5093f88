import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownFolder } from "./leftovers";

/** What a running session tells others of the same user, so that they find the trace of a process. */
export interface Session {
  /** The process that listens. */
  listener: number;
  /** Process ids of the traced programs. */
  programs: number[];
  /** Where they connect to. */
  channel: string;
  /** The trace, as it grows. */
  trace: string;
}

const PREFIX = "loopscope-run-";
const FILE = "session.json";

/** A folder of our own, 0700, for what lasts as long as a session; gone when this process ends. */
export function sessionFolder(): { path: string; dispose(): void } {
  const path = ownFolder(PREFIX);
  const dispose = () => rmSync(path, { recursive: true, force: true });
  process.on("exit", dispose);
  return { path, dispose };
}

/** Writes down what others may know of a session. Without room for it the session goes on unannounced. */
export function announce(folder: string, session: Session): void {
  try {
    writeFileSync(join(folder, FILE), JSON.stringify(session), { mode: 0o600 });
  } catch {
    // The temporary folder is full: the trace itself will say so.
  }
}

/** The sessions of this user that are running, or were cut off and left their trace. */
export function sessions(): Session[] {
  const found: Session[] = [];
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const folder = join(tmpdir(), name);
    try {
      // Anybody can make a folder in /tmp; only what is ours is believed.
      if (process.getuid && statSync(folder).uid !== process.getuid()) continue;
      found.push(JSON.parse(readFileSync(join(folder, FILE), "utf8")) as Session);
    } catch {
      // A session that has just ended, or has not announced itself yet.
    }
  }
  return found;
}
