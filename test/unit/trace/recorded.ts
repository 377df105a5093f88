import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { inflateSync } from "node:zlib";
import { Trace, type TraceOptions } from "../../../src/trace";

const SITE = resolve("runtime/python/site");
const VERSIONS = join(homedir(), ".pyenv/versions");

/** The CPythons the runtime supports that are installed here, and at least the `python3` of PATH. */
export const PYTHONS: string[] = existsSync(VERSIONS)
  ? readdirSync(VERSIONS)
      .filter((name) => /^3\.1[0-3]\./.test(name))
      .map((name) => join(VERSIONS, name, "bin", "python3"))
      .filter(existsSync)
  : ["python3"];

export interface Recording {
  trace: Trace;
  stderr: string;
  status: number | null;
  signal: string | null;
  /** The program's file. */
  file: string;
}

/** Runs a program under the real runtime, which writes its stream into a file, and reads that. */
export function record(
  source: string,
  python = PYTHONS[PYTHONS.length - 1],
  options?: TraceOptions,
): Recording {
  const folder = mkdtempSync(join(tmpdir(), "loopscope-test-"));
  try {
    const file = join(folder, "program.py");
    const stream = join(folder, "run.loopscope");
    writeFileSync(file, source);
    const run = spawnSync(python, [file], {
      env: { ...process.env, PYTHONPATH: SITE, LOOPSCOPE_CHANNEL: `file:${stream}` },
      encoding: "utf8",
      timeout: 60_000,
    });
    const trace = new Trace({
      inflate: (bytes, maxOutputLength) => inflateSync(bytes, { maxOutputLength }),
      ...options,
    });
    trace.feed(readFileSync(stream));
    trace.finish();
    return { trace, stderr: run.stderr, status: run.status, signal: run.signal, file };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
