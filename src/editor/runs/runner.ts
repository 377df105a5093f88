import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type * as vscode from "vscode";
import { checkPython, PythonError } from "../../session";
import { readSetting } from "../contributions";
import { Emitter } from "../emitter";
import { errors, type UserError } from "../errors";
import { candidates } from "../python/interpreters";
import { recordingName, TracedRun } from "./tracedRun";

/** Recordings that are kept in the extension's storage; older ones are removed. */
const KEPT_RECORDINGS = 10;

/** Runs Python files with trace, one run of a file at a time, several files side by side. */
export class Runner {
  private readonly runs = new Map<string, TracedRun>();
  private readonly started = new Emitter<TracedRun>();
  private readonly changed = new Emitter<void>();
  readonly onDidStart = this.started.event;
  /** A run began or ended. */
  readonly onDidChange = this.changed.event;
  private last: vscode.Uri | null = null;
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

  get running(): TracedRun[] {
    return [...this.runs.values()].filter((run) => run.running);
  }

  /** Runs a file, or the file of the active editor. Throws UserError. */
  async run(given?: vscode.Uri): Promise<void> {
    if (this.starting) return; // a double click
    this.starting = true;
    try {
      await this.start(given ?? this.vs.window.activeTextEditor?.document.uri);
    } finally {
      this.starting = false;
    }
  }

  /** Runs again what was run last (a running one is stopped first), or else the active file. */
  rerun(): Promise<void> {
    return this.run(this.last ?? undefined);
  }

  dispose(): void {
    for (const run of this.runs.values()) run.dispose();
    this.started.dispose();
    this.changed.dispose();
  }

  private async start(uri: vscode.Uri | undefined): Promise<void> {
    const file = await this.runnableFile(uri);
    const title = basename(file.fsPath);
    const python = await this.interpreter(file);
    await this.stopEarlier(file.fsPath);
    const folder = this.vs.workspace.getWorkspaceFolder(file);
    const run = await TracedRun.start(
      this.vs,
      {
        python,
        file: file.fsPath,
        args: readSetting(this.vs.workspace, "args", file),
        cwd: folder?.uri.fsPath ?? dirname(file.fsPath),
        blockMs: readSetting(this.vs.workspace, "blockMs", file),
        historyMb: readSetting(this.vs.workspace, "historyMb"),
        folder,
        recording: recordingName(this.recordingsFolder(), title, new Date()),
        env: this.terminalEnvironment(),
      },
      title,
      this.log,
    );
    const earlier = this.runs.get(file.fsPath);
    this.last = file;
    this.runs.set(file.fsPath, run);
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
  private async interpreter(file: vscode.Uri): Promise<string> {
    const tried = await candidates(
      { extensions: this.vs.extensions, workspace: this.vs.workspace, log: this.log },
      file,
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

  /** A file runs once at a time: running it again replaces the run. */
  private async stopEarlier(file: string): Promise<void> {
    const earlier = this.runs.get(file);
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
