import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import type * as vscode from "vscode";
import { checkPython, PythonError } from "../../session";
import { readSetting } from "../contributions";
import { Emitter } from "../emitter";
import { errors, type UserError } from "../errors";
import { l10n } from "../l10n";
import { type Candidate, candidates } from "../python/interpreters";
import { readCommandLine, split } from "./commandLine";
import { type RunEnd, recordingName, TracedRun } from "./tracedRun";

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
  /** The interpreter that was named for it, and by whom; else the one of the workspace. */
  python?: Candidate;
  /** Added to the program's environment. */
  env?: Record<string, string>;
  /** Makes it anew: the file may have changed, and the settings. */
  again: () => Promise<Launch>;
}

/** A `loopscope` configuration of launch.json, its variables replaced. It names a program or a module. */
export interface LaunchConfiguration {
  program?: string;
  module?: string;
  args?: string[] | string;
  cwd?: string;
  env?: Record<string, string>;
  python?: string;
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
  private readonly launches = new Map<string, Launch>();
  private starting = false;

  constructor(
    private readonly vs: typeof vscode,
    /** The folder recordings go to. */
    private readonly storage: string,
    private readonly log: (line: string) => void,
  ) {}

  /** The run a trace is of, or undefined. */
  runOf(open: TracedRun["open"] | null): TracedRun | undefined {
    return this.all.find((run) => run.open === open);
  }

  /** Whether something has been run, so that it can be run again. */
  get canRerun(): boolean {
    return this.last !== null;
  }

  get running(): TracedRun[] {
    return this.all.filter((run) => run.running);
  }

  /** The latest run of each program, whether it goes on or has ended. */
  get all(): TracedRun[] {
    return [...this.runs.values()];
  }

  /** Runs a file, or the file of the active editor. Throws UserError. */
  async run(given?: vscode.Uri): Promise<void> {
    await this.once(() => this.launchOfFile(given ?? activeFile(this.vs)));
  }

  /** Runs a module or a file with arguments, in the folder of the active file. Throws UserError. */
  async runCommandLine(line: string): Promise<void> {
    await this.once(() => this.launchOfLine(line));
  }

  /** Runs what a launch configuration names. Throws UserError. */
  async launch(given: LaunchConfiguration, folder: vscode.WorkspaceFolder | undefined): Promise<TracedRun> {
    const run = await this.once(() => this.launchOfConfiguration(given, folder));
    if (run === null) throw errors.stillStarting();
    return run;
  }

  /** Runs again the program a trace is of, or else what was run last (a running one is stopped first), or else the active file. */
  async rerun(open: TracedRun["open"] | null = null): Promise<void> {
    const launch = this.launches.get(this.runOf(open)?.request.key ?? "") ?? this.last;
    if (launch === null) await this.run();
    else await this.once(launch.again);
  }

  dispose(): void {
    for (const run of this.runs.values()) run.dispose();
    this.started.dispose();
    this.changed.dispose();
  }

  /** Starts a program; a second click while that is under way does nothing, which is null. */
  private async once(prepare: () => Promise<Launch>): Promise<TracedRun | null> {
    if (this.starting) return null;
    this.starting = true;
    try {
      return await this.start(await prepare());
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
      again: () => this.launchOfFile(file),
    };
  }

  private async launchOfLine(line: string): Promise<Launch> {
    const { workspace } = this.vs;
    if (!workspace.isTrusted) throw errors.untrusted();
    const command = readCommandLine(line);
    if (command === null) throw errors.noProgram(line.trim());
    // As for a single file, the interpreter gets what is on the screen.
    await workspace.saveAll(false);
    const active = activeFile(this.vs);
    const folder = (active && workspace.getWorkspaceFolder(active)) ?? workspace.workspaceFolders?.[0];
    const cwd = folder?.uri.fsPath ?? (active?.scheme === "file" ? dirname(active.fsPath) : homedir());
    const again = () => this.launchOfLine(line);
    return { ...command, key: `${cwd}: ${line}`, cwd, folder, scope: folder?.uri, again };
  }

  private async launchOfConfiguration(
    given: LaunchConfiguration,
    folder: vscode.WorkspaceFolder | undefined,
  ): Promise<Launch> {
    const { program, module } = given;
    if (!this.vs.workspace.isTrusted) throw errors.untrusted();
    if (!program === !module) throw errors.noLaunchTarget();
    const base = folder?.uri.fsPath ?? homedir();
    const cwd = resolve(base, given.cwd ?? "");
    const file = program ? this.vs.Uri.file(resolve(cwd, program)) : undefined;
    if (file !== undefined) await this.runnableFile(file);
    else await this.vs.workspace.saveAll(false);
    const words = typeof given.args === "string" ? split(given.args) : (given.args ?? []).map(String);
    const target = file === undefined ? ["-m", String(module)] : [file.fsPath];
    return {
      key: JSON.stringify([cwd, ...target, ...words]),
      title: file === undefined ? String(module) : basename(file.fsPath),
      args: [...target, ...words],
      cwd,
      folder,
      scope: file ?? folder?.uri,
      python: given.python ? { path: given.python, source: l10n.t("the launch configuration") } : undefined,
      env: given.env,
      again: () => this.launchOfConfiguration(given, folder),
    };
  }

  private async start(launch: Launch): Promise<TracedRun> {
    const { key, title, args, cwd, folder, scope } = launch;
    const python = await this.interpreter(scope, launch.python);
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
        terminalEnv: this.terminalEnvironment(),
        env: launch.env ?? {},
      },
      title,
      this.log,
    );
    const earlier = this.runs.get(key);
    this.last = launch;
    this.launches.set(key, launch);
    this.runs.set(key, run);
    run.onDidEnd((end) => {
      this.changed.fire();
      this.tellAboutEmptyRun(title, end);
    });
    this.started.fire(run);
    this.changed.fire();
    earlier?.dispose(); // by now nobody looks at it any more
    return run;
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
  private async interpreter(scope: vscode.Uri | undefined, named?: Candidate): Promise<string> {
    const host = { extensions: this.vs.extensions, workspace: this.vs.workspace, log: this.log };
    const tried = named ? [named] : await candidates(host, scope);
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

  private tellAboutEmptyRun(title: string, end: RunEnd): void {
    // Who stopped it knows why there is nothing to see.
    if (end.sawLoop || end.stopped) return;
    const message = errors.noLoop(title, end.exitCode).message;
    if (end.exitCode === 0) void this.vs.window.showInformationMessage(message);
    else void this.vs.window.showWarningMessage(message);
  }
}

/** The file the user looks at. While VS Code still loads it there is a tab, but no text editor yet. */
function activeFile(vs: typeof vscode): vscode.Uri | undefined {
  const input = vs.window.tabGroups.activeTabGroup.activeTab?.input;
  return (
    vs.window.activeTextEditor?.document.uri ?? (input instanceof vs.TabInputText ? input.uri : undefined)
  );
}
