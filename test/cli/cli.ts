import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type BuildOptions, buildSync } from "esbuild";

const root = resolve(__dirname, "../..");

const PARTS = {
  "cli.js": ["src/cli", "src/session", "src/trace", "src/lint", "src/files", "src/protocol"],
  "webview.js": ["webview", "src/trace", "src/protocol"],
};

/** `dist/cli.js`, built anew when it is missing or older than its sources. */
export const cli = (): string => part("cli.js");

/** A part of `dist/`, up to date. Only that one: `npm run build` would empty dist/ under whoever else uses it. */
export function part(name: keyof typeof PARTS): string {
  const { builds } = createRequire(__filename)(join(root, "esbuild.js")) as { builds: BuildOptions[] };
  const options = builds.find(({ outfile }) => outfile === `dist/${name}`);
  if (!options) throw new Error(`esbuild.js does not build dist/${name}`);
  const built = join(root, "dist", name);
  const at = statSync(built, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (PARTS[name].some((folder) => newest(join(root, folder)) > at)) {
    buildSync({ ...options, logLevel: "warning" });
  }
  return built;
}

function newest(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Math.max(0, ...files.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs));
}

export interface Result {
  /** As a shell shows it: 128+n when signal n ended the process. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface Options {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** What is on its stdin; by default nothing. */
  input?: string;
  /** Called when the process has printed this on stdout. */
  on?: { text: string; act(child: ChildProcess, stdout: string): unknown };
}

/** The environment without what is meant for these tests alone, such as LOOPSCOPE_CHROMIUM: a traced program does not see such names. */
export const outside: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith("LOOPSCOPE_")),
);

/** Runs a command to its end, and collects what it prints. */
export function execute(command: string, args: string[], options: Options = {}): Promise<Result> {
  const { cwd, input, on } = options;
  const env = { ...outside, PYTHONDONTWRITEBYTECODE: "1", ...options.env };
  const settings: SpawnOptions = { cwd, env, stdio: ["pipe", "pipe", "pipe"] };
  const child = spawn(command, args, settings);
  child.stdin?.on("error", () => {});
  child.stdin?.end(input ?? "");
  let stdout = "";
  let stderr = "";
  let told = false;
  let failed: unknown = null;
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    if (on && !told && stdout.includes(on.text)) {
      told = true;
      void Promise.resolve(on.act(child, stdout)).catch((error: unknown) => {
        failed = error;
        // Not SIGKILL: loopscope is to pass it on to its program.
        child.kill("SIGTERM");
      });
    }
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (failed !== null) return reject(failed);
      resolve({ code: code ?? 128 + constants.signals[signal as NodeJS.Signals], stdout, stderr });
    });
  });
}

/** Runs the built command line. */
export function loopscope(args: string[], options: Options = {}): Promise<Result> {
  return execute(process.execPath, [cli(), ...args], options);
}

/** A folder for a test's files, gone after it. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), "loopscope test "));

  file(name: string, text: string | Buffer): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  at(name: string): string {
    return join(this.path, name);
  }

  /** A process that was killed may write into it until it has died. */
  remove(): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}
