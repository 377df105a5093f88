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
      if (stat.size > MAX_BYTES) {
        const size = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MB`;
        return { problem: `it has ${size(stat.size)}, and no more than ${size(MAX_BYTES)} are read` };
      }
      return decode(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (error) {
    return { problem: (error as NodeJS.ErrnoException).code ?? String(error) };
  }
}
