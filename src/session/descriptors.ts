import { readdirSync, readlinkSync } from "node:fs";

/** Node closes those from 3 up to here in its children; higher ones go through. */
const LAST = 15;

/**
 * The descriptors that whoever started us left open for the program (`3< file`, a socket to serve on, a make job server). To be asked
 * before anything is opened. Linux tells; elsewhere there are none.
 */
export function handedOn(): number[] {
  const targets = new Map<number, string>();
  try {
    for (const name of readdirSync("/proc/self/fd")) targets.set(Number(name), target(name));
  } catch {
    return [];
  }
  const all = [...targets.values()];
  // Node's own: pipes of which it has both ends, what it waits with, and what this function itself has open.
  const own = (of: string) =>
    /^(anon_inode:|\/proc\/|$)/.test(of) ||
    (of.startsWith("pipe:") && all.indexOf(of) !== all.lastIndexOf(of));
  return [...targets].filter(([fd, of]) => fd >= 3 && fd <= LAST && !own(of)).map(([fd]) => fd);
}

function target(name: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${name}`);
  } catch {
    return ""; // it was that of readdir
  }
}

/** The `stdio` of a child that has our stdin, stdout and stderr, and these. */
export function stdioWith(descriptors: readonly number[]): ("inherit" | "ignore" | number)[] {
  const last = Math.max(2, ...descriptors);
  return Array.from({ length: last + 1 }, (_, fd) =>
    fd < 3 ? "inherit" : descriptors.includes(fd) ? fd : "ignore",
  );
}
