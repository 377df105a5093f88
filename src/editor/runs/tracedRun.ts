import { join } from "node:path";
import type * as vscode from "vscode";
import { Listener, type TracedProgram, tracedEnvironment } from "../../session";
import { Disposables } from "../disposables";
import { Emitter } from "../emitter";
import { errors } from "../errors";
import { Recording } from "../panel/bytes";
import { OpenTrace } from "./openTrace";

export interface RunRequest {
  python: string;
  /** Names the program among those that run: the script's absolute path, or a command line. */
  key: string;
  /** What the interpreter is given: the script or `-m module`, and the program's arguments. */
  args: readonly string[];
  cwd: string;
  blockMs: number;
  historyMb: number;
  folder: vscode.WorkspaceFolder | undefined;
  /** Where the trace is recorded. */
  recording: string;
  /** What the terminal adds by itself to what it inherits: `terminal.integrated.env.*`. */
  terminalEnv: Readonly<Record<string, string>>;
  /** Added to that for this program. */
  env: Readonly<Record<string, string>>;
}

/** How a program ended. */
export interface RunEnd {
  /** Null when a signal ended it, its terminal was closed, or nobody can tell. */
  exitCode: number | null;
  /** Whether an event loop was ever seen. */
  sawLoop: boolean;
  /** It was asked to end, by Stop or by another run of it. */
  stopped: boolean;
}

/** How long a program that is asked to end may take to its first event loop before it is asked all the same, milliseconds. */
const START_MS = 1000;
/** The same after its first loop was seen: the loop is about to wait for the first time then, in contention with the thread that told us. */
const SETTLE_MS = 250;

type Api = Pick<
  typeof vscode,
  "tasks" | "Task" | "ProcessExecution" | "TaskScope" | "TaskPanelKind" | "TaskRevealKind"
>;

/**
 * One program run with trace in an integrated terminal. It runs as a VS Code task with the interpreter
 * itself as its process: no shell in between, so stdin, colours and Ctrl-C are the program's own, no quoting can
 * go wrong, and the terminal stays when the program has ended.
 */
export class TracedRun {
  private readonly disposables = new Disposables();
  private readonly ended = new Emitter<RunEnd>();
  readonly onDidEnd = this.ended.event;
  /** What it ended with; null while it runs. */
  end: RunEnd | null = null;
  private execution: vscode.TaskExecution | null = null;
  private pid: number | undefined;
  private interrupts = 0;
  private finishing = false;
  /** When the connection of the program was closed, milliseconds of the wall clock. */
  private gone = Number.POSITIVE_INFINITY;
  /** A loop has been seen, or the program has had `START_MS` to make one. */
  private begin!: () => void;
  private settling = false;
  private readonly begun = new Promise<void>((resolve) => {
    this.begin = resolve;
  });

  private constructor(
    private readonly vs: Api,
    readonly request: RunRequest,
    readonly open: OpenTrace,
    private readonly recording: Recording,
    private readonly listener: Listener,
  ) {}

  /** Opens the channel and starts the program. Throws a UserError when either fails. */
  static async start(
    vs: Api,
    request: RunRequest,
    title: string,
    log: (line: string) => void,
  ): Promise<TracedRun> {
    let recording: Recording | null = null;
    try {
      const record = new Recording(request.recording, log);
      recording = record;
      const listener = await Listener.open({
        onFrames: (bytes) => record.append(bytes),
        onProblem: log,
        onGone: (program) => {
          // How the program itself ended is known a little later, from its task.
          if (program === run.main()) run.gone = Date.now();
          else listener.end(program, { exitCode: null, signal: null });
        },
      });
      const open = new OpenTrace(title, "live", record, request.blockMs, request.historyMb);
      const run: TracedRun = new TracedRun(vs, request, open, record, listener);
      await run.execute();
      return run;
    } catch (error) {
      recording?.dispose();
      throw errors.notStarted((error as Error).message);
    }
  }

  get running(): boolean {
    return this.end === null;
  }

  /**
   * Asks the program to end: first as Ctrl-C does, so that its clean-up runs; asked again, its terminal is
   * closed, which ends it whatever it does.
   */
  stop(): void {
    if (this.interrupts++ > 0 || process.platform === "win32") {
      this.execution?.terminate();
      return;
    }
    void this.begun.then(() => this.interrupt());
  }

  /**
   * Sends the one SIGINT of this run: a second one would cut the program's clean-up short. A program that still imports its
   * modules is not sent it: there CPython loses some, in the callbacks of importlib's locks. It also misses one that comes between its
   * last look for signals and the system call that waits, until something else happens.
   */
  private interrupt(): void {
    const pid = this.main()?.hello.pid ?? this.pid;
    if (pid === undefined || !this.running) return;
    try {
      process.kill(pid, "SIGINT");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      this.execution?.terminate();
    }
  }

  /** Resolves when the program has ended. */
  finished(): Promise<RunEnd> {
    if (this.end !== null) return Promise.resolve(this.end);
    return new Promise((resolve) => {
      const subscription = this.onDidEnd((end) => {
        subscription.dispose();
        resolve(end);
      });
    });
  }

  dispose(): void {
    if (this.running) this.execution?.terminate();
    this.disposables.dispose();
    this.ended.dispose();
    void this.listener.close();
    this.open.dispose();
  }

  /** The program that was started, among those that connected. */
  private main(): TracedProgram | undefined {
    const { programs } = this.listener;
    return programs.find((program) => program.hello.pid === this.pid) ?? programs[0];
  }

  private beginIn(ms: number): void {
    const timer = setTimeout(this.begin, ms);
    this.disposables.push({ dispose: () => clearTimeout(timer) });
  }

  private async execute(): Promise<void> {
    const { vs, request } = this;
    const variables = tracedEnvironment(
      { ...process.env, ...request.terminalEnv, ...request.env },
      this.listener,
      { blockMs: request.blockMs },
    );
    const task = new vs.Task(
      { type: "loopscope", program: request.key },
      request.folder ?? vs.TaskScope.Global,
      this.open.title,
      "Loopscope",
      new vs.ProcessExecution(request.python, [...request.args], {
        cwd: request.cwd,
        env: { ...request.env, ...variables },
      }),
      [],
    );
    task.presentationOptions = {
      reveal: vs.TaskRevealKind.Always,
      panel: vs.TaskPanelKind.Dedicated,
      clear: true,
      echo: true,
      showReuseMessage: false,
    };
    // Watched from before the start: a program may end before `executeTask` has answered.
    const mine = (execution: vscode.TaskExecution) =>
      this.execution !== null
        ? execution === this.execution
        : execution.task.definition.program === request.key;
    this.disposables.push(
      vs.tasks.onDidStartTaskProcess((event) => {
        if (!mine(event.execution)) return;
        this.pid = event.processId;
        this.beginIn(START_MS);
      }),
    );
    this.disposables.push(
      this.open.onDidUpdate(() => {
        if (this.settling || this.open.trace.loops.length === 0) return;
        this.settling = true;
        this.beginIn(SETTLE_MS);
      }),
    );
    this.disposables.push(
      vs.tasks.onDidEndTaskProcess((event) => {
        if (mine(event.execution)) void this.finish(event.exitCode ?? null);
      }),
    );
    this.disposables.push(
      // A task whose process never started (no such interpreter) ends without a process having ended.
      vs.tasks.onDidEndTask((event) => {
        if (mine(event.execution) && this.pid === undefined) void this.finish(null);
      }),
    );
    this.execution = await vs.tasks.executeTask(task);
  }

  private async finish(exitCode: number | null): Promise<void> {
    if (this.end !== null) return;
    if (this.finishing) return; // both events came
    this.finishing = true;
    const told = Date.now();
    const main = this.main();
    await this.listener.drained(main?.hello.pid ?? this.pid ?? 0);
    await this.open.caughtUp();
    // A terminal reports 0 for a program that a signal ended; one that ends by itself says goodbye first.
    const orderly = this.open.trace.programs.some((program) => program.bye !== null);
    const known = exitCode === 0 && (this.interrupts > 0 || !orderly) ? null : exitCode;
    // A terminal tells some 0.3 s late that a program has ended, which would be most of the life of a short one.
    const when = orderly ? Math.min(told, this.gone) : told;
    if (main !== undefined) this.listener.end(main, { exitCode: known, signal: null }, when);
    await this.listener.close();
    this.recording.end();
    await this.open.read;
    const sawLoop = this.open.trace.loops.length > 0;
    this.end = { exitCode: known, sawLoop, stopped: this.interrupts > 0 };
    this.disposables.dispose();
    this.ended.fire(this.end);
  }
}

/** A name for a recording that sorts by time: "2026-01-31T12-00-00-000-shop.loopscope". */
export function recordingName(folder: string, title: string, when: Date): string {
  const stamp = when.toISOString().replace(/[:.]/g, "-").replace("Z", "");
  return join(folder, `${stamp}-${title.replace(/\.py$/, "").replace(/[^\w-]+/g, "_")}.loopscope`);
}
