import { open } from "node:fs/promises";
import { type Decoded, decode } from "./decode";

/** More than this no person wrote. */
export const MAX_BYTES = 10 * 1024 * 1024;

/** A file's text, or why there is none: too large, binary, unreadable, in an unknown encoding. */
export async function readPython(path: string): Promise<Decoded> {
  try {
    const file = await open(path, "r");
    try {
      const stat = await file.stat();
      if (!stat.isFile()) return { problem: "it is not a regular file" };
      if (stat.size > MAX_BYTES) return tooLarge(stat.size);
      return decode(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (error) {
    return { problem: (error as NodeJS.ErrnoException).code ?? String(error) };
  }
}

/** The same of what stdin gives until its end. */
export async function readStdin(): Promise<Decoded> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size <= MAX_BYTES) pieces.push(piece);
  }
  return size > MAX_BYTES ? tooLarge(size) : decode(Buffer.concat(pieces));
}

function tooLarge(bytes: number): Decoded {
  const size = (of: number) => `${Math.round(of / 1024 / 1024)} MB`;
  return { problem: `it has ${size(bytes)}, and no more than ${size(MAX_BYTES)} are read` };
}
