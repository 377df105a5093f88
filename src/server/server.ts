/** The language server: what the editor says, to the projects; what they find, to the editor. */
import {
  CodeActionKind,
  type Connection,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  type FileSystemWatcher,
  type InitializeParams,
  type InitializeResult,
  TextDocumentSyncKind,
  WatchKind,
} from "vscode-languageserver/node";
import { MAX_BYTES } from "../files/read";
import { codeActions, FIX_ALL } from "./actions";
import { toDiagnostic } from "./diagnostics";
import { applyChanges, Notebook } from "./documents";
import { toHover } from "./hover";
import { joinCells } from "./notebooks";
import { Places, pathOf } from "./places";
import { looseFolder, Project } from "./project";
import { readSettings, type Settings } from "./settings";

/** Nobody types for so long: milliseconds. */
const PAUSE_MS = 400;

/** What a client may say of itself in `initializationOptions`; all of it may be missing. */
interface ClientOptions {
  /** A folder for what is worth keeping across restarts. */
  storage?: string;
  /** URI of the folder with the rules' pages. */
  pages?: string;
  /** Whether the client carries out our commands. */
  commands?: boolean;
  /** Settings for a client that cannot be asked for them. */
  settings?: unknown;
}

export class Server {
  private readonly places = new Places();
  private readonly projects = new Map<string, Project>();
  /** For files of no folder, by the folder they are in. */
  private readonly loose = new Map<string, Project>();
  /** Open files by path: the documents they are shown in. */
  private readonly open = new Map<string, readonly string[]>();
  private readonly notebooks = new Map<string, { path: string; notebook: Notebook }>();
  /** Paths whose findings the editor has. */
  private readonly published = new Map<string, readonly string[]>();
  /** Files that have been opened since the editor was last told anything: what is found in them is news, changed or not. */
  private readonly unshown = new Set<string>();
  private options: ClientOptions = {};
  private client: InitializeParams["capabilities"] = {};
  private pushed: unknown;
  private publishing: NodeJS.Immediate | null = null;
  private refreshing: NodeJS.Timeout | undefined;
  private started!: () => void;
  /** Until the settings are known nothing can be judged; what the editor says meanwhile waits in order. */
  private readonly ready = new Promise<void>((resolve) => {
    this.started = resolve;
  });
  private readonly isOpen = (path: string) => this.open.has(path);

  constructor(private readonly connection: Connection) {
    connection.onInitialize((params) => this.initialize(params));
    connection.onInitialized(() => this.start());
    connection.onShutdown(() => this.stop());
    this.listenToDocuments();
    this.listenToNotebooks();
    this.listenToWorkspace();
    connection.onCodeAction(async (params) => {
      await this.ready;
      const found = this.find(params.textDocument.uri);
      const { places } = this;
      const { uri } = params.textDocument;
      return found
        ? codeActions({ ...found, places, uri, commands: this.options.commands === true }, params)
        : [];
    });
    connection.onHover(async ({ textDocument, position }) => {
      await this.ready;
      const found = this.find(textDocument.uri);
      if (!found?.project.settings.enable) return null;
      const { line, column } = this.places.position(found.path, textDocument.uri, position);
      const why = found.project.workspace.explain(found.path, line, column);
      return why && toHover(why, this.places, this.options.pages ?? null);
    });
  }

  private folders: string[] = [];

  private initialize(params: InitializeParams): InitializeResult {
    this.client = params.capabilities;
    this.options = (params.initializationOptions ?? {}) as ClientOptions;
    this.pushed = this.options.settings;
    const root = params.rootUri ? [params.rootUri] : [];
    this.folders = (params.workspaceFolders?.map((folder) => folder.uri) ?? root).map(pathOf);
    return {
      serverInfo: { name: "loopscope" },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
        notebookDocumentSync: { notebookSelector: [{ cells: [{ language: "python" }] }] },
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, CodeActionKind.Refactor, FIX_ALL] },
        hoverProvider: true,
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    };
  }

  private async start(): Promise<void> {
    const { workspace } = this.client;
    if (workspace?.didChangeConfiguration?.dynamicRegistration) {
      await this.connection.client.register(DidChangeConfigurationNotification.type, {
        section: "loopscope.lint",
      });
    }
    if (workspace?.didChangeWatchedFiles?.dynamicRegistration) {
      const watchers: FileSystemWatcher[] = ["**/*.py", "**/pyproject.toml", "**/.gitignore"].map(
        (globPattern) => ({ globPattern }),
      );
      // Of a folder that comes or goes with all that is in it, editors may name the folder alone.
      watchers.push({ globPattern: "**/*", kind: WatchKind.Create | WatchKind.Delete });
      await this.connection.client.register(DidChangeWatchedFilesNotification.type, { watchers });
    }
    if (workspace?.workspaceFolders) {
      this.connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        const paths = (folders: readonly { uri: string }[]) => folders.map((folder) => pathOf(folder.uri));
        return this.changeFolders(paths(added), paths(removed));
      });
    }
    const indexing: Project[] = [];
    for (const folder of this.folders) indexing.push(await this.makeProject(folder));
    this.started();
    for (const project of indexing) await this.index(project);
  }

  private async makeProject(folder: string): Promise<Project> {
    const project = this.newProject(folder, true);
    this.projects.set(folder, project);
    await project.configure(await this.settingsFor(folder));
    this.publishProblem(project);
    return project;
  }

  private newProject(folder: string, whole: boolean): Project {
    return new Project(folder, whole, readSettings(this.pushed), {
      log: (message) => this.connection.console.warn(message),
      storage: this.options.storage ?? null,
    });
  }

  private removeFolder(folder: string): void {
    this.projects.get(folder)?.stop();
    this.projects.delete(folder);
  }

  /** Folders come and go; open files move to the projects they belong to then. */
  private async changeFolders(added: readonly string[], removed: readonly string[]): Promise<void> {
    const texts = [...this.open.keys()].map(
      (path) => [path, this.projectOf(path).workspace.text(path)] as const,
    );
    for (const folder of removed) this.removeFolder(folder);
    const made = await Promise.all(added.map((folder) => this.makeProject(folder)));
    for (const [path, text] of texts) {
      const { workspace } = this.projectOf(path);
      if (text !== null && !workspace.has(path)) workspace.setFile(path, text);
    }
    this.publishAll();
    for (const project of made) await this.index(project);
  }

  private async settingsFor(folder: string): Promise<Settings> {
    let value = this.pushed;
    if (this.client.workspace?.configuration) {
      const scopeUri = this.places.uri(folder);
      value = await this.connection.workspace.getConfiguration({ scopeUri, section: "loopscope.lint" });
    }
    const settings = readSettings(value);
    if (settings.problem) this.connection.window.showWarningMessage(`Loopscope: ${settings.problem}`);
    return settings;
  }

  private async index(project: Project): Promise<void> {
    const canShow = this.client.window?.workDoneProgress === true;
    const progress = canShow ? await this.connection.window.createWorkDoneProgress() : null;
    progress?.begin("Loopscope: reading Python files", 0);
    try {
      await project.index(
        this.isOpen,
        (done, all) => progress?.report(Math.round((100 * done) / all), `${done} of ${all}`),
        (isAsBefore) => (isAsBefore ? this.publishAll() : this.publishSoon()),
      );
    } finally {
      // First the findings, so that whoever waits for the end has them.
      this.publishAll();
      progress?.done();
    }
  }

  private stop(): void {
    for (const project of this.projects.values()) project.stop();
    if (this.publishing) clearImmediate(this.publishing);
    clearTimeout(this.refreshing);
  }

  private projectOf(path: string): Project {
    let best: Project | undefined;
    for (const project of this.projects.values()) {
      if (project.owns(path) && (!best || project.folder.length > best.folder.length)) best = project;
    }
    if (best) return best;
    const folder = looseFolder(path);
    let project = this.loose.get(folder);
    if (!project) {
      project = this.newProject(folder, false);
      this.loose.set(folder, project);
      const made = project;
      void this.settingsFor(folder)
        .then((settings) => made.configure(settings))
        .then(() => this.publishAll());
    }
    return project;
  }

  /** The open file a document is, or is a cell of. */
  private find(uri: string): { project: Project; path: string } | null {
    for (const [path, uris] of this.open)
      if (uris.includes(uri)) return { project: this.projectOf(path), path };
    return null;
  }

  private listenToDocuments(): void {
    const { connection } = this;
    connection.onDidOpenTextDocument(async ({ textDocument: { uri, languageId, text } }) => {
      await this.ready;
      if (languageId !== "python" || uri.startsWith("vscode-notebook-cell:")) return;
      const path = pathOf(uri);
      if (text.length > MAX_BYTES) {
        connection.console.warn(`${path} was left out: it is larger than what a person writes`);
        return;
      }
      this.places.open(path, uri);
      this.open.set(path, [uri]);
      this.unshown.add(path);
      this.projectOf(path).workspace.setFile(path, text);
      this.publishSoon();
    });
    connection.onDidChangeTextDocument(async ({ textDocument, contentChanges }) => {
      await this.ready;
      const found = this.find(textDocument.uri);
      if (!found || this.places.cellsOf(found.path)) return;
      applyChanges(found.project.workspace, found.path, contentChanges);
      this.publishSoon();
      this.refreshAfterTyping();
    });
    connection.onDidCloseTextDocument(async ({ textDocument }) => {
      await this.ready;
      const found = this.find(textDocument.uri);
      if (found && !this.places.cellsOf(found.path)) await this.close(found.path, found.project);
    });
  }

  private async close(path: string, project: Project): Promise<void> {
    this.open.delete(path);
    this.places.close(path);
    await project.fileChanged(path, this.isOpen);
    // Opened again meanwhile.
    if (this.open.has(path)) return;
    if (!project.settings.wholeWorkspace || !project.workspace.has(path)) this.clear(path);
    this.publishSoon();
  }

  private listenToNotebooks(): void {
    const { synchronization } = this.connection.notebooks;
    const take = (uri: string, notebook: Notebook) => {
      const path = pathOf(uri);
      const module = joinCells(notebook.cells());
      this.notebooks.set(uri, { path, notebook });
      this.places.setCells(path, module.cells);
      this.open.set(
        path,
        module.cells.map((cell) => cell.uri),
      );
      this.unshown.add(path);
      this.projectOf(path).workspace.setFile(path, module.text);
      this.publishSoon();
    };
    synchronization.onDidOpenNotebookDocument(async (params) => {
      await this.ready;
      take(params.notebookDocument.uri, new Notebook(params));
    });
    synchronization.onDidChangeNotebookDocument(async ({ notebookDocument, change }) => {
      await this.ready;
      const known = this.notebooks.get(notebookDocument.uri);
      if (!known) return;
      known.notebook.change(change);
      take(notebookDocument.uri, known.notebook);
    });
    synchronization.onDidCloseNotebookDocument(async ({ notebookDocument }) => {
      await this.ready;
      const known = this.notebooks.get(notebookDocument.uri);
      this.notebooks.delete(notebookDocument.uri);
      if (known) await this.close(known.path, this.projectOf(known.path));
    });
  }

  private listenToWorkspace(): void {
    const { connection } = this;
    connection.onDidChangeConfiguration(async ({ settings }) => {
      await this.ready;
      const given = settings as { loopscope?: { lint?: unknown } } | null;
      if (given?.loopscope) this.pushed = given.loopscope.lint;
      await this.reconfigure();
    });
    connection.onDidChangeWatchedFiles(async ({ changes }) => {
      await this.ready;
      const paths = new Set(changes.map((change) => pathOf(change.uri)));
      if ([...paths].some((path) => /\/(pyproject\.toml|\.gitignore)$/.test(path))) {
        await this.reconfigure();
        for (const project of this.projects.values()) await this.index(project);
      }
      for (const path of paths) {
        if (path.endsWith(".py")) await this.projectOf(path).fileChanged(path, this.isOpen);
        else if (mayBeFolder(path) && [...this.projects.values()].some((project) => project.owns(path)))
          await this.projectOf(path).folderChanged(path, this.isOpen);
      }
      for (const path of this.published.keys())
        if (!this.projectOf(path).workspace.has(path)) this.clear(path);
      this.publishSoon();
    });
  }

  private async reconfigure(): Promise<void> {
    for (const project of [...this.projects.values(), ...this.loose.values()]) {
      await project.configure(await this.settingsFor(project.folder));
      this.publishProblem(project);
    }
    this.publishAll();
  }

  /** Once what the editor has sent by now is taken in. */
  private publishSoon(): void {
    this.publishing ??= setImmediate(() => {
      this.publishing = null;
      for (const project of [...this.projects.values(), ...this.loose.values()]) {
        const affected = project.isSettling ? this.open.keys() : project.workspace.affected();
        for (const path of new Set([...affected, ...this.unshown])) this.publish(project, path);
      }
      this.unshown.clear();
    });
  }

  /** What was made of code while it was broken is looked at anew when the typing pauses. */
  private refreshAfterTyping(): void {
    clearTimeout(this.refreshing);
    this.refreshing = setTimeout(() => {
      const changed = [...this.open.keys()].filter((path) => this.projectOf(path).workspace.refresh(path));
      if (changed.length > 0) this.publishSoon();
    }, PAUSE_MS);
  }

  private publishAll(): void {
    const stale = new Set(this.published.keys());
    for (const project of [...this.projects.values(), ...this.loose.values()]) {
      for (const path of project.workspace.paths()) if (this.publish(project, path)) stale.delete(path);
    }
    for (const path of stale) this.clear(path);
  }

  /** Sends a file's findings to the editor; false when it is not to be shown. */
  private publish(project: Project, path: string): boolean {
    const isShown = this.open.has(path) || project.settings.wholeWorkspace;
    if (!isShown || this.projectOf(path) !== project) return false;
    const pages = this.options.pages ?? null;
    const uris = this.open.get(path) ?? [this.places.uri(path)];
    const byUri = new Map(uris.map((uri) => [uri, [] as ReturnType<typeof toDiagnostic>[]]));
    for (const finding of project.findings(path)) {
      byUri.get(this.places.locate(finding).uri)?.push(toDiagnostic(finding, this.places, pages));
    }
    for (const uri of this.published.get(path) ?? []) {
      if (!byUri.has(uri)) void this.connection.sendDiagnostics({ uri, diagnostics: [] });
    }
    this.published.set(path, uris);
    for (const [uri, diagnostics] of byUri) void this.connection.sendDiagnostics({ uri, diagnostics });
    return true;
  }

  private clear(path: string): void {
    for (const uri of this.published.get(path) ?? []) {
      void this.connection.sendDiagnostics({ uri, diagnostics: [] });
    }
    this.published.delete(path);
  }

  /** A mistake in a pyproject.toml is shown where it is. */
  private publishProblem({ problem, folder }: Project): void {
    const path = problem?.path ?? `${folder}/pyproject.toml`;
    const line = Number(/line (\d+)/.exec(problem?.message ?? "")?.[1] ?? 1) - 1;
    const range = { start: { line, character: 0 }, end: { line, character: 1000 } };
    const diagnostics = problem ? [{ range, message: problem.message, source: "loopscope" }] : [];
    void this.connection.sendDiagnostics({ uri: this.places.uri(path), diagnostics });
  }
}

/** Whether a path may be a folder of the user's own, by its looks: most of what comes and goes is not. */
function mayBeFolder(path: string): boolean {
  return !/\/[^/]*\.[^/]*$|\/(?:\.[^/]*|node_modules|__pycache__)\//.test(path);
}
