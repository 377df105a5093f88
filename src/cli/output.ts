import { closeSync, openSync, writeSync } from "node:fs";
import { isatty, WriteStream } from "node:tty";
import { legible } from "./legible";

/** Bad input: the message tells the user what happened and what to do; the command exits with 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

const STDOUT = 1;
const STDERR = 2;

/**
 * Writes to a file descriptor, all of it. Not through process.stdout: opening that makes a pipe which the
 * traced program shares non-blocking. Returns false when nobody reads any more (`| head`).
 */
export function writeAll(fd: number, text: string): boolean {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPIPE") return false;
      if (code === "ENOSPC" || code === "EIO" || code === "EBADF") throw notWritten(fd, error as Error);
      if (code !== "EAGAIN") throw error;
      // Whoever we share the pipe with made it non-blocking, and its reader is slow.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
  return true;
}

const notWritten = (fd: number, error: Error) =>
  new UsageError(`${fd === STDOUT ? "stdout" : "stderr"} cannot be written: ${error.message}`);

/** Prints a message on stderr; nothing is left to do when that is impossible. */
export function complain(text: string): void {
  try {
    writeAll(STDERR, legible(text.endsWith("\n") ? text : `${text}\n`));
  } catch {
    // stderr is closed.
  }
}

/** Prints on stdout, ending quietly when its reader has gone. */
export function print(text: string): void {
  writeAll(STDOUT, text);
}

/** Writes pieces to `path`, or to stdout when that is "-". Throws UsageError. */
export async function writePieces(
  path: string,
  pieces: Iterable<string> | AsyncIterable<string>,
): Promise<void> {
  if (path === "-") {
    for await (const piece of pieces) if (!writeAll(STDOUT, piece)) return;
    return;
  }
  const fd = attempt(path, () => openSync(path, "w"));
  try {
    for await (const piece of pieces) attempt(path, () => writeFully(fd, piece));
  } finally {
    closeSync(fd);
  }
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new UsageError(`${path} cannot be written: ${(error as Error).message}`);
  }
}

function writeFully(fd: number, piece: string): void {
  const bytes = Buffer.from(piece);
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

/** Joins small pieces, so that a file is not written word by word. */
export function* gathered(pieces: Iterable<string>, size = 1 << 16): Generator<string> {
  let part = "";
  for (const piece of pieces) {
    part += piece;
    if (part.length >= size) {
      yield part;
      part = "";
    }
  }
  if (part) yield part;
}

/** What may be assumed of the stream behind a file descriptor. */
export interface Terminal {
  tty: boolean;
  colours: boolean;
  columns: number;
}

/** Colours are for terminals whose user did not refuse them (https://no-color.org). */
export function terminal(fd: 1 | 2): Terminal {
  const tty = isatty(fd);
  const refused = Boolean(process.env.NO_COLOR) || process.env.TERM === "dumb";
  return { tty, colours: tty && !refused, columns: tty ? width(fd) : 120 };
}

function width(fd: 1 | 2): number {
  const columns = Number(process.env.COLUMNS);
  if (columns > 0) return columns;
  return new WriteStream(fd).columns ?? 80;
}
