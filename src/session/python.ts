import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** There is no interpreter to run the program with; the message says what to do. */
export class PythonError extends Error {
  override name = "PythonError";
}

export interface Python {
  /** What to start: a path, or a name to be looked up in PATH. */
  command: string;
  /** Such as "3.11.7". */
  version: string;
  /** Such as "cpython". */
  implementation: string;
}

const OLDEST = [3, 10];
const windows = process.platform === "win32";

/** Runs in whatever was given, Python 2 included. `-S -E`: quick, and nothing of the user's is imported. */
const PROBE = `import sys
a = 1
try:
    import importlib.util
    a = 1 if importlib.util.find_spec("asyncio") and importlib.util.find_spec("_socket") else 0
except ImportError:
    pass
i = getattr(sys, "implementation", None)
sys.stdout.write("loopscope-probe %d.%d.%d %s %d" % (tuple(sys.version_info[:3]) + (i.name if i else "cpython", a)))
`;

/**
 * The interpreter to use: the one asked for, else that of VIRTUAL_ENV, else of `.venv` in `cwd`, else
 * `python3`, else `python`. Throws PythonError.
 */
export async function findPython(
  asked: string | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
  cwd: string = process.cwd(),
): Promise<Python> {
  const chosen = asked !== undefined ? inside(asked) : environmentPython(env, cwd);
  if (chosen !== undefined) return await checkPython(chosen, env);
  const failures: string[] = [];
  for (const name of windows ? ["python", "python3", "py"] : ["python3", "python"]) {
    if (!onPath(name, env)) continue;
    try {
      return await checkPython(name, env);
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  if (failures.length > 0) throw new PythonError(failures.join("\n"));
  throw new PythonError(
    "no Python interpreter was found: there is no python3 or python in PATH. " +
      "Install Python 3.10 or newer, or name one with --python PATH.",
  );
}

/** Checks that `command` is a Python that can be traced. Throws PythonError. */
export async function checkPython(
  command: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Python> {
  const { output, error } = await probe(command, env);
  const match = /loopscope-probe (\d+)\.(\d+)\.(\d+) (\S+) ([01])/.exec(output);
  if (!match) throw new PythonError(error ?? `${command} is not a Python interpreter.`);
  const version = `${match[1]}.${match[2]}.${match[3]}`;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new PythonError(
      `${command} is Python ${version}, which is too old: Loopscope needs Python 3.10 or newer. Name another with --python PATH.`,
    );
  }
  if (match[5] === "0") {
    throw new PythonError(
      `${command} (Python ${version}) has no asyncio: it was built without it. Name another with --python PATH.`,
    );
  }
  return { command, version, implementation: match[4] };
}

function probe(
  command: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ output: string; error?: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      command,
      ["-S", "-E", "-c", PROBE],
      { env: env as NodeJS.ProcessEnv, timeout: 20_000, windowsHide: true },
      (error, stdout, stderr) => {
        if (!error) return resolve({ output: stdout });
        resolve({ output: stdout, error: describe(command, error, stderr) });
      },
    );
    child.stdin?.on("error", () => {});
    child.stdin?.end();
  });
}

function describe(
  command: string,
  error: Error & { code?: number | string | null; killed?: boolean },
  stderr: string,
): string {
  if (error.code === "ENOENT") {
    return `the Python interpreter ${command} was not found. Check the path given with --python, or leave it out.`;
  }
  if (error.code === "EACCES") {
    return `${command} may not be executed (permission denied). Name a Python interpreter with --python PATH.`;
  }
  const why = error.killed ? "it did not answer within 20 s" : stderr.trim().split("\n")[0];
  return `${command} is not a Python interpreter${why ? `: ${why}` : ""}. Name one with --python PATH.`;
}

/** A folder stands for the interpreter of the virtual environment in it. */
function inside(asked: string): string {
  if (asked === "") throw new PythonError("--python needs the path of a Python interpreter.");
  const isFolder = statSync(asked, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return isFolder ? interpreterOf(asked) : asked;
}

function environmentPython(
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): string | undefined {
  if (env.VIRTUAL_ENV) {
    const python = interpreterOf(env.VIRTUAL_ENV);
    if (existsSync(python)) return python;
  }
  const local = interpreterOf(join(cwd, ".venv"));
  return existsSync(local) ? local : undefined;
}

function interpreterOf(environment: string): string {
  return windows ? join(environment, "Scripts", "python.exe") : join(environment, "bin", "python");
}

function onPath(name: string, env: Readonly<Record<string, string | undefined>>): boolean {
  const names = windows ? [`${name}.exe`] : [name];
  return (env.PATH ?? env.Path ?? "").split(delimiter).some((folder) =>
    names.some((file) => {
      try {
        accessSync(join(folder, file), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    }),
  );
}
