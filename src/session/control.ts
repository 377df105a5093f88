import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alive } from "./leftovers";

/** A process that can be attached to: the runtime is in it and waits on a socket. */
export interface Dormant {
  pid: number;
  /** Path of the socket. */
  socket: string;
  /** What a request must name. */
  token: string;
  version: string;
}

/** What the runtime answers to a request. */
export interface Answer {
  ok?: boolean;
  /** Why it was not done. */
  error?: string;
  recording?: boolean;
  loops?: number;
  /** Loops that did not come round, because a step holds them. */
  held?: number;
  tasks?: number;
}

/** How long the runtime may take to answer: it describes every task first. */
const ANSWER_MS = 30_000;
const DESCRIPTION = /^\d+\.json$/;

const ownId = () => process.getuid?.() ?? 0;

/** The folder in which programs that we make dormant open their sockets: `control.default_folder` says the same. */
export function controlFolder(): string {
  return existingRunFolder() ?? join(tmpdir(), `loopscope-${ownId()}`);
}

function existingRunFolder(): string | null {
  const run = `/run/user/${ownId()}`;
  return existsSync(run) ? join(run, "loopscope") : null;
}

/** Every folder where a dormant program may have opened its socket: it may have another TMPDIR than we have. */
function controlFolders(): string[] {
  const candidates = [controlFolder(), join(tmpdir(), `loopscope-${ownId()}`), `/tmp/loopscope-${ownId()}`];
  return [...new Set(candidates)].filter((folder) => {
    const stat = statSync(folder, { throwIfNoEntry: false });
    // Anybody can make a folder in /tmp; only what is ours is believed.
    return stat?.isDirectory() && stat.uid === ownId();
  });
}

/** The dormant programs of this user. What processes that are gone have left is removed. */
export function dormantPrograms(): Dormant[] {
  const found: Dormant[] = [];
  for (const folder of controlFolders()) {
    for (const name of readdirSync(folder)) {
      if (!DESCRIPTION.test(name)) continue;
      const path = join(folder, name);
      try {
        const dormant = JSON.parse(readFileSync(path, "utf8")) as Dormant;
        if (alive(dormant.pid)) found.push(dormant);
        else for (const left of [path, dormant.socket]) rmSync(left, { force: true });
      } catch {
        // It is just being written, or was just removed.
      }
    }
  }
  return found;
}

/** The dormant program of this process id, or the one that the `loopscope run` of this process id started. */
export function dormantOf(pid: number): Dormant | undefined {
  const programs = dormantPrograms();
  return programs.find((each) => each.pid === pid) ?? programs.find((each) => parentOf(each.pid) === pid);
}

function parentOf(pid: number): number | null {
  try {
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    // It has ended, or there is no /proc.
    return null;
  }
}

/** Sends a request to a dormant program. Throws an error for the user when it cannot be asked. */
export function ask(dormant: Dormant, request: Record<string, string>): Promise<Answer> {
  const lines = Object.entries({ ...request, token: dormant.token }).map(
    ([name, value]) => `${name}=${value}\n`,
  );
  return new Promise((resolve, reject) => {
    const fail = (why: string) =>
      reject(new Error(`process ${dormant.pid} cannot be asked over ${dormant.socket}: ${why}`));
    const socket = connect(dormant.socket, () => socket.write(`${lines.join("")}\n`));
    let text = "";
    socket.setTimeout(ANSWER_MS, () => {
      socket.destroy();
      fail("it does not answer; it may be stopped, or a C function may keep the interpreter to itself");
    });
    socket.setEncoding("utf8").on("data", (part: string) => (text += part));
    socket.once("error", (error) => fail(error.message));
    socket.once("close", () => {
      try {
        resolve(JSON.parse(text) as Answer);
      } catch {
        fail("it hung up; it may have ended");
      }
    });
  });
}
