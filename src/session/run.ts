import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Hello } from "../protocol/stream";
import { stdioWith } from "./descriptors";
import { DEFAULT_BLOCK_MS, type TraceSettings, tracedEnvironment } from "./environment";
import { Listener, type TracedProgram } from "./listener";
import { NOT_ON_WINDOWS } from "./processes";
import type { Python } from "./python";
import { faithfulCommand } from "./rawArguments";
import { SignalRelay } from "./signals";

/** What `python …` would be given. */
export interface Program {
  /** A script's path, or a module's name. */
  target: string;
  module: boolean;
  args: string[];
}

export interface RunOptions extends TraceSettings {
  python: Python;
  program: Program;
  /** Of this process, for the program, besides stdin, stdout and stderr. */
  descriptors?: readonly number[];
  /** Takes the trace as it grows: first its header, then runs of whole frames. Must not throw. */
  onFrames(bytes: Uint8Array): void;
  onProblem(message: string): void;
  /** A program (the first, or a child that is followed) has connected. */
  onProgram?(program: TracedProgram, listener: Listener): void;
  /** By default this process's own. */
  env?: NodeJS.ProcessEnv;
  /** The folder `runtime/python`; by default that of this installation. */
  runtime?: string;
}

/** How a program ended: one of the two is null. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** The exit code a shell would show: that of the program, or 128+n when signal n killed it. */
export function exitStatus(exit: Exit): number {
  if (exit.signal) return 128 + constants.signals[exit.signal];
  return exit.code ?? 1;
}

/**
 * A traced program that is a child of this process: it has our stdin, stdout, stderr and process group, and
 * gets the signals that we get.
 */
export class Run {
  private constructor(
    readonly child: ChildProcess,
    readonly listener: Listener,
    /** Resolves when the program has ended and all it had sent was passed to `onFrames`. */
    readonly finished: Promise<Exit>,
  ) {}

  /** Starts the program. Throws an error for the user when it cannot be started. */
  static async start(options: RunOptions): Promise<Run> {
    const listener: Listener = await Listener.open({
      onFrames: options.onFrames,
      onProblem: options.onProblem,
      onProgram: (program) => options.onProgram?.(program, listener),
      onGone: (program) => {
        // The exit code of our own child is known a little later, from its parent: us.
        if (program.hello.pid !== child?.pid) listener.end(program, { exitCode: null, signal: null });
      },
    });
    const env = options.env ?? process.env;
    const variables = tracedEnvironment(env, listener, options, options.runtime);
    let child: ChildProcess | undefined;
    try {
      const launched = await launch(options, { ...env, ...variables });
      child = launched.child;
      return new Run(child, listener, finish(child, listener, launched.relay, options));
    } catch (error) {
      await listener.close();
      throw error;
    }
  }
}

/** Starts a program that costs nothing until it is attached to, and waits for its end. Throws an error for the user. */
export async function runDormant(
  options: Pick<RunOptions, "python" | "program" | "descriptors" | "follow">,
  onStart: (pid: number) => void,
): Promise<Exit> {
  if (process.platform === "win32") throw new Error(NOT_ON_WINDOWS);
  const variables = tracedEnvironment(process.env, null, options);
  const { child, relay } = await launch(options, { ...process.env, ...variables });
  const exit = ended(child);
  onStart(child.pid ?? 0);
  try {
    return await exit;
  } finally {
    relay.close();
  }
}

/** Starts a program with our stdin, stdout and stderr, and gives it the signals that we get. */
async function launch(
  { python, program, descriptors = [] }: Pick<RunOptions, "python" | "program" | "descriptors">,
  env: NodeJS.ProcessEnv,
): Promise<{ child: ChildProcess; relay: SignalRelay }> {
  const { command, args } = faithfulCommand(python.command, pythonArguments(program));
  const relay = new SignalRelay();
  try {
    const child = spawn(command, args, { stdio: stdioWith(descriptors), env, windowsHide: false });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    relay.forward(child);
    return { child, relay };
  } catch (error) {
    relay.close();
    throw new Error(`${python.command} could not be started: ${(error as Error).message}`);
  }
}

function ended(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
}

function pythonArguments({ target, module, args }: Program): string[] {
  if (module) return ["-m", target, ...args];
  // `python -x.py` would take a script for an option.
  const script = target.startsWith("-") && target !== "-" ? ["--", target] : [target];
  return [...script, ...args];
}

async function finish(
  child: ChildProcess,
  listener: Listener,
  relay: SignalRelay,
  options: RunOptions,
): Promise<Exit> {
  const startNs = Number(process.hrtime.bigint());
  const wallNs = Date.now() * 1e6;
  const exit = await ended(child);
  const when = Date.now(); // what it has sent may take a while to be read
  relay.close();
  const pid = child.pid ?? 0;
  await listener.drained(pid);
  let main = listener.programs.find((program) => program.hello.pid === pid);
  if (main === undefined) {
    options.onProblem(
      "the program never reported: it ended before it could, or Python was kept from tracing it",
    );
    main = listener.introduce(silentProgram(options, pid, startNs, wallNs));
  }
  listener.end(main, { exitCode: exit.code, signal: exit.signal }, when);
  await listener.close();
  return exit;
}

/** What is known of a program that never spoke, because it ended, or was replaced, before it could. */
function silentProgram(options: RunOptions, pid: number, startNs: number, wallNs: number): Hello {
  const { python } = options;
  return {
    protocol: 1,
    token: null,
    runtime: python.implementation,
    version: python.version,
    executable: python.command,
    argv: [python.command, ...pythonArguments(options.program)],
    cwd: process.cwd(),
    pid,
    ppid: process.pid,
    clock: { monotonicNs: startNs, wallNs },
    startNs,
    mode: "fast",
    modeReason: "",
    patched: [],
    blockNs: (options.blockMs ?? DEFAULT_BLOCK_MS) * 1e6,
    detail: options.detail ?? "full",
  };
}
