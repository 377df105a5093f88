import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import type * as vscode from "vscode";
import { checkPython, PythonError } from "../../session";
import { readSetting } from "../contributions";
import { Emitter } from "../emitter";
import { errors, type UserError } from "../errors";
import { candidates } from "../python/interpreters";
import { readCommandLine } from "./commandLine";
import { recordingName, TracedRun } from "./tracedRun";

/** Recordings that are kept in the extension's storage; older ones are removed. */
const KEPT_RECORDINGS = 10;

/** A program that can be run, and run again. */
interface Launch {
  key: string;
  title: string;
  args: string[];
  cwd: string;
  folder: vscode.WorkspaceFolder | undefined;
  /** What settings and the interpreter are chosen for: the file, or the folder of a command line. */
  scope: vscode.Uri | undefined;
  /** The command line, or null for a file. */
  line: string | null;
}

/** Runs Python programs with trace, one run of each at a time, several side by side. */
export class Runner {
  private readonly runs = new Map<string, TracedRun>();
  private readonly started = new Emitter<TracedRun>();
  private readonly changed = new Emitter<void>();
  readonly onDidStart = this.started.event;
  /** A run began or ended. */
  readonly onDidChange = this.changed.event;
  private last: Launch | null = null;
  private starting = false;

  constructor(
    private readonly vs: typeof vscode,
    /** The folder recordings go to. */
    private readonly storage: string,
    private readonly log: (line: string) => void,
  ) {}

  /** The run a trace is of, or undefined. */
  runOf(open: TracedRun["open"] | null): TracedRun | undefined {
    return [...this.runs.values()].find((run) => run.open === open);
  }

  /** Whether something has been run, so that it can be run again. */
  get canRerun(): boolean {
    return this.last !== null;
  }

  get running(): TracedRun[] {
    return [...this.runs.values()].filter((run) => run.running);
  }

  /** Runs a file, or the file of the active editor. Throws UserError. */
  run(given?: vscode.Uri): Promise<void> {
    return this.once(() => this.launchOfFile(given ?? this.vs.window.activeTextEditor?.document.uri));
  }

  /** Runs a module or a file with arguments, in the folder of the active file. Throws UserError. */
  runCommandLine(line: string): Promise<void> {
    return this.once(() => this.launchOfLine(line));
  }

  /** Runs again what was run last (a running one is stopped first), or else the active file. */
  rerun(): Promise<void> {
    const { last } = this;
    if (last === null) return this.run();
    return this.once(() =>
      last.line === null ? this.launchOfFile(last.scope) : this.launchOfLine(last.line),
    );
  }

  dispose(): void {
    for (const run of this.runs.values()) run.dispose();
    this.started.dispose();
    this.changed.dispose();
  }

  /** Starts a program; a second click while that is under way does nothing. */
  private async once(prepare: () => Promise<Launch>): Promise<void> {
    if (this.starting) return;
    this.starting = true;
    try {
      await this.start(await prepare());
    } finally {
      this.starting = false;
    }
  }

  private async launchOfFile(uri: vscode.Uri | undefined): Promise<Launch> {
    const file = await this.runnableFile(uri);
    const folder = this.vs.workspace.getWorkspaceFolder(file);
    return {
      key: file.fsPath,
      title: basename(file.fsPath),
      args: [file.fsPath, ...readSetting(this.vs.workspace, "args", file)],
      cwd: folder?.uri.fsPath ?? dirname(file.fsPath),
      folder,
      scope: file,
      line: null,
    };
  }

  private async launchOfLine(line: string): Promise<Launch> {
    const { workspace, window } = this.vs;
    if (!workspace.isTrusted) throw errors.untrusted();
    const command = readCommandLine(line);
    if (command === null) throw errors.noProgram(line.trim());
    // As for a single file, the interpreter gets what is on the screen.
    await workspace.saveAll(false);
    const active = window.activeTextEditor?.document.uri;
    const folder = (active && workspace.getWorkspaceFolder(active)) ?? workspace.workspaceFolders?.[0];
    const cwd = folder?.uri.fsPath ?? (active?.scheme === "file" ? dirname(active.fsPath) : homedir());
    return { ...command, key: `${cwd}: ${line}`, cwd, folder, scope: folder?.uri, line };
  }

  private async start(launch: Launch): Promise<void> {
    const { key, title, args, cwd, folder, scope } = launch;
    const python = await this.interpreter(scope);
    await this.stopEarlier(key);
    const run = await TracedRun.start(
      this.vs,
      {
        python,
        key,
        args,
        cwd,
        blockMs: readSetting(this.vs.workspace, "blockMs", scope),
        historyMb: readSetting(this.vs.workspace, "historyMb"),
        folder,
        recording: recordingName(this.recordingsFolder(), title, new Date()),
        env: this.terminalEnvironment(),
      },
      title,
      this.log,
    );
    const earlier = this.runs.get(key);
    this.last = launch;
    this.runs.set(key, run);
    run.onDidEnd((end) => {
      this.changed.fire();
      this.tellAboutEmptyRun(title, end);
    });
    this.started.fire(run);
    this.changed.fire();
    earlier?.dispose(); // by now nobody looks at it any more
  }

  /** The file to run, saved; throws the UserError that says why there is none. */
  private async runnableFile(uri: vscode.Uri | undefined): Promise<vscode.Uri> {
    const { vs } = this;
    if (!vs.workspace.isTrusted) throw errors.untrusted();
    if (uri === undefined) throw errors.noFile();
    if (uri.scheme === "untitled") throw errors.untitled();
    if (uri.scheme !== "file") throw errors.notLocal(uri.scheme);
    const name = basename(uri.fsPath);
    await vs.workspace.fs.stat(uri).then(undefined, () => Promise.reject(errors.noSuchFile(uri.fsPath)));
    // What VS Code cannot open as text (a folder, a picture) is not Python either.
    const document = await vs.workspace
      .openTextDocument(uri)
      .then(undefined, () => Promise.reject(errors.notPython(name, "none")));
    if (document.languageId !== "python" && !/\.pyw?$/i.test(uri.fsPath)) {
      throw errors.notPython(name, document.languageId);
    }
    if (document.isDirty && !(await document.save())) throw errors.notSaved(name);
    return uri;
  }

  /** The interpreter for a file, checked to be one that can be traced; throws a UserError when there is none. */
  private async interpreter(scope: vscode.Uri | undefined): Promise<string> {
    const tried = await candidates(
      { extensions: this.vs.extensions, workspace: this.vs.workspace, log: this.log },
      scope,
    );
    let why: UserError = errors.noInterpreter(tried.map(({ path, source }) => `${path} from ${source}`));
    for (const candidate of tried) {
      try {
        const python = await checkPython(candidate.path);
        this.log(`${candidate.path} (Python ${python.version}) from ${candidate.source}`);
        return python.command;
      } catch (error) {
        if (!(error instanceof PythonError)) throw error;
        this.log(error.message);
        if (candidate.source !== "PATH") why = errors.interpreterUnusable(error.message, candidate.source);
      }
    }
    throw why;
  }

  /** A program runs once at a time: running it again replaces the run. */
  private async stopEarlier(key: string): Promise<void> {
    const earlier = this.runs.get(key);
    if (earlier?.running) {
      const finished = earlier.finished();
      earlier.stop();
      // A program that ignores Ctrl-C is not waited for without end.
      const patience = setTimeout(() => earlier.stop(), 3000);
      await finished;
      clearTimeout(patience);
    }
  }

  private recordingsFolder(): string {
    mkdirSync(this.storage, { recursive: true });
    const recordings = readdirSync(this.storage).filter((name) => name.endsWith(".loopscope"));
    for (const name of recordings.sort().slice(0, -KEPT_RECORDINGS)) {
      rmSync(join(this.storage, name), { force: true });
    }
    return this.storage;
  }

  /** What the user's settings add to every terminal, such as a PYTHONPATH. */
  private terminalEnvironment(): Record<string, string> {
    const platform = { win32: "windows", darwin: "osx" }[process.platform as string] ?? "linux";
    const value = this.vs.workspace.getConfiguration("terminal.integrated.env").get(platform);
    const entries = Object.entries((value ?? {}) as Record<string, unknown>);
    return Object.fromEntries(
      entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
    );
  }

  private tellAboutEmptyRun(title: string, end: { exitCode: number | null; sawLoop: boolean }): void {
    if (end.sawLoop) return;
    const message = errors.noLoop(title, end.exitCode).message;
    if (end.exitCode === 0) void this.vs.window.showInformationMessage(message);
    else void this.vs.window.showWarningMessage(message);
  }
}
