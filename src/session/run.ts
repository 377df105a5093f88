import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Hello } from "../protocol/stream";
import { DEFAULT_BLOCK_MS, type TraceSettings, tracedEnvironment } from "./environment";
import { Listener, type TracedProgram } from "./listener";
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
    const { python } = options;
    const { command, args } = faithfulCommand(python.command, pythonArguments(options.program));
    const relay = new SignalRelay();
    let child: ChildProcess | undefined;
    try {
      child = spawn(command, args, { stdio: "inherit", env: { ...env, ...variables }, windowsHide: false });
      const started = child;
      await new Promise<void>((resolve, reject) => {
        started.once("spawn", resolve);
        started.once("error", reject);
      });
    } catch (error) {
      relay.close();
      await listener.close();
      throw new Error(`${python.command} could not be started: ${(error as Error).message}`);
    }
    relay.forward(child);
    return new Run(child, listener, finish(child, listener, relay, options));
  }
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
  const exit = await new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
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
  listener.end(main, { exitCode: exit.code, signal: exit.signal });
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
