import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-jsonrpc/node";
import type { CodeAction, Diagnostic, Range, TextEdit } from "vscode-languageserver-protocol";
import { TextDocument } from "vscode-languageserver-textdocument";

interface Waiter {
  test: () => boolean;
  done: () => void;
  failed: (error: Error) => void;
}

export interface ClientOptions {
  /** What `workspace/configuration` answers for `loopscope.lint`. */
  settings?: Record<string, unknown>;
  /** Folders of the workspace, inside the client's own; the client's own when missing. */
  folders?: string[];
  storage?: string;
  /** A folder that is there already, and stays; a new one when missing. */
  at?: string;
  /** Files by path, before the server starts. */
  files?: Record<string, string>;
}

/** Does something with an editor of its own, in one piece with the test: a hook that fails is not tried again. */
export async function using(options: ClientOptions, act: (client: Client) => Promise<void>): Promise<void> {
  const client = await Client.start(options);
  try {
    await act(client);
  } finally {
    await client.stop();
  }
}

/** An editor, as far as the server can tell: files on a disk, open documents, and what the server said of them. */
export class Client {
  readonly root: string;
  readonly diagnostics = new Map<string, Diagnostic[]>();
  readonly messages: string[] = [];
  progressEnds = 0;
  settings: Record<string, unknown>;
  private readonly documents = new Map<string, TextDocument>();
  private waiters: Waiter[] = [];
  private readonly server: ChildProcess;
  private stopping = false;
  readonly connection: MessageConnection;

  private constructor(private readonly options: ClientOptions) {
    this.root = options.at ?? realpathSync(mkdtempSync(join(tmpdir(), "loopscope-lsp-")));
    this.settings = options.settings ?? {};
    for (const [path, text] of Object.entries(options.files ?? {})) this.write(path, text);
    const main = resolve(__dirname, "../../src/server/main.ts");
    this.server = spawn(process.execPath, ["--require", "tsx", main, "--stdio"], {
      cwd: resolve(__dirname, "../.."),
      stdio: ["pipe", "pipe", "inherit"],
    });
    assert.ok(this.server.stdout && this.server.stdin);
    this.connection = createMessageConnection(
      new StreamMessageReader(this.server.stdout),
      new StreamMessageWriter(this.server.stdin),
    );
    this.listen();
    this.server.once("exit", (code, signal) => {
      if (this.stopping) return;
      const error = new Error(`the language server ended with ${code ?? signal}`);
      for (const { failed } of this.waiters.splice(0)) failed(error);
      this.connection.dispose(); // rejects what is asked of it
    });
  }

  static async start(options: ClientOptions = {}): Promise<Client> {
    const client = new Client(options);
    const folders = (options.folders ?? ["."]).map((name) => ({ uri: client.uri(name), name }));
    await client.connection.sendRequest("initialize", {
      processId: process.pid,
      rootUri: null,
      workspaceFolders: folders,
      capabilities: {
        workspace: {
          configuration: true,
          workspaceFolders: true,
          didChangeConfiguration: { dynamicRegistration: true },
          didChangeWatchedFiles: { dynamicRegistration: true },
        },
        window: { workDoneProgress: true },
      },
      initializationOptions: { commands: true, pages: "file:///pages", storage: options.storage },
    });
    await client.connection.sendNotification("initialized", {});
    await client.until(() => client.progressEnds === folders.length);
    return client;
  }

  private listen(): void {
    const { connection } = this;
    connection.onNotification(
      "textDocument/publishDiagnostics",
      ({ uri, diagnostics }: { uri: string; diagnostics: Diagnostic[] }) => {
        this.diagnostics.set(uri, diagnostics);
        this.heard();
      },
    );
    connection.onNotification("$/progress", ({ value }: { value: { kind: string } }) => {
      if (value.kind === "end") this.progressEnds++;
      this.heard();
    });
    connection.onNotification("window/logMessage", ({ message }: { message: string }) => {
      this.messages.push(message);
      this.heard();
    });
    connection.onNotification("window/showMessage", ({ message }: { message: string }) => {
      this.messages.push(message);
      this.heard();
    });
    connection.onRequest("client/registerCapability", () => null);
    connection.onRequest("window/workDoneProgress/create", () => null);
    connection.onRequest("workspace/configuration", ({ items }: { items: unknown[] }) =>
      items.map(() => this.settings),
    );
    connection.onRequest("window/showMessageRequest", ({ message }: { message: string }) => {
      this.messages.push(message);
      this.heard();
      return null;
    });
    connection.listen();
  }

  private heard(): void {
    for (const waiter of this.waiters.filter((each) => each.test())) {
      this.waiters = this.waiters.filter((each) => each !== waiter);
      waiter.done();
    }
  }

  /** Resolves when the server has said something that makes it true. */
  until(test: () => boolean): Promise<void> {
    if (test()) return Promise.resolve();
    return new Promise((done, failed) => this.waiters.push({ test, done, failed }));
  }

  uri(path: string): string {
    return pathToFileURL(join(this.root, path)).href;
  }

  write(path: string, text: string | Uint8Array): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Opens a file of the disk, or a text, and waits for the server's word on it. */
  async opened(path: string, text: string): Promise<void> {
    const uri = this.uri(path);
    this.documents.set(uri, TextDocument.create(uri, "python", 1, text));
    await this.connection.sendNotification("textDocument/didOpen", {
      textDocument: { uri, languageId: "python", version: 1, text },
    });
    await this.until(() => this.diagnostics.has(uri));
  }

  async closed(path: string): Promise<void> {
    await this.connection.sendNotification("textDocument/didClose", {
      textDocument: { uri: this.uri(path) },
    });
  }

  text(path: string): string {
    return this.documents.get(this.uri(path))?.getText() ?? "";
  }

  /** Replaces a piece of an open document, as typing does. */
  async type(path: string, before: string, after: string): Promise<void> {
    const document = this.documents.get(this.uri(path));
    assert.ok(document);
    const at = document.getText().indexOf(before);
    assert.ok(at >= 0, `${path} has no ${JSON.stringify(before)}`);
    const range = { start: document.positionAt(at), end: document.positionAt(at + before.length) };
    await this.change(path, [{ range, newText: after }]);
  }

  async change(path: string, edits: readonly TextEdit[]): Promise<void> {
    const uri = this.uri(path);
    const document = this.documents.get(uri);
    assert.ok(document);
    // Last first: each change is of the text that the one before made.
    const changes = [...edits].reverse().map(({ range, newText }) => ({ range, text: newText }));
    TextDocument.update(document, changes, document.version + 1);
    await this.connection.sendNotification("textDocument/didChange", {
      textDocument: { uri, version: document.version },
      contentChanges: changes,
    });
  }

  /** "line: rule" of each finding the editor shows, 1-based. */
  shown(path: string): string[] {
    return this.shownAt(this.uri(path));
  }

  shownAt(uri: string): string[] {
    return (this.diagnostics.get(uri) ?? []).map((each) => `${each.range.start.line + 1}: ${each.code}`);
  }

  async untilShown(path: string, expected: string[]): Promise<void> {
    const wanted = JSON.stringify(expected);
    await this.until(() => JSON.stringify(this.shown(path)) === wanted);
  }

  actions(path: string, range: Range, only?: string[]): Promise<CodeAction[]> {
    return this.connection.sendRequest("textDocument/codeAction", {
      textDocument: { uri: this.uri(path) },
      range,
      context: { diagnostics: [], ...(only && { only }) },
    });
  }

  /** Applies an action's edits to one of the open documents. */
  async apply(path: string, action: CodeAction | undefined): Promise<void> {
    const edits = action?.edit?.changes?.[this.uri(path)];
    assert.ok(edits, `no edits of ${path} in ${JSON.stringify(action)}`);
    await this.change(path, edits);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    if (this.server.exitCode === null && this.server.signalCode === null) {
      const ended = new Promise((done) => this.server.once("exit", done));
      await this.connection.sendRequest("shutdown");
      await this.connection.sendNotification("exit");
      await ended;
      this.connection.dispose();
    }
    if (!this.options.at) rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}
