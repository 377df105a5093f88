import assert from "node:assert/strict";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, using } from "./client";

const HELPER = "import time\n\n\ndef save():\n    time.sleep(1)\n";
const MAIN = "from helper import save\n\n\nasync def main():\n    save()\n";

const LIB = "from lib.helper import save\nasync def main():\n    save()\n";
const watched = (client: Client, path: string, type: number) =>
  client.connection.sendNotification("workspace/didChangeWatchedFiles", {
    changes: [{ uri: client.uri(path), type }],
  });

describe("the language server, over a workspace", () => {
  it("follows the call graph from one file to another", () =>
    using({ files: { "helper.py": HELPER, "main.py": MAIN } }, async (client) => {
      await client.opened("main.py", MAIN);
      await client.untilShown("main.py", ["5: blocking-sleep"]);
      const [diagnostic] = client.diagnostics.get(client.uri("main.py")) ?? [];
      const [related] = diagnostic.relatedInformation ?? [];
      assert.equal(related.location.uri, client.uri("helper.py"));
      assert.equal(related.location.range.start.line, 4);
      await client.opened("helper.py", HELPER);
      await client.type("helper.py", "time.sleep(1)", "print(1)");
      await client.untilShown("main.py", []);
      await client.type("helper.py", "print(1)", "open('x')");
      await client.untilShown("main.py", ["5: blocking-file"]);
      // Closed without saving: what is on the disk counts again.
      await client.closed("helper.py");
      await client.untilShown("main.py", ["5: blocking-sleep"]);
    }));

  it("says again what it finds in a file that is opened again", () =>
    using({ files: { "helper.py": HELPER, "main.py": MAIN } }, async (client) => {
      for (let i = 0; i < 2; i++) {
        await client.opened("main.py", MAIN);
        await client.untilShown("main.py", ["5: blocking-sleep"]);
        await client.closed("main.py");
        await client.untilShown("main.py", []);
      }
    }));

  it("follows files on the disk", () =>
    using({ files: { "main.py": MAIN } }, async (client) => {
      await client.opened("main.py", MAIN);
      assert.deepEqual(client.shown("main.py"), []);
      client.write("helper.py", HELPER);
      await watched(client, "helper.py", 1);
      await client.untilShown("main.py", ["5: blocking-sleep"]);
      unlinkSync(join(client.root, "helper.py"));
      await watched(client, "helper.py", 3);
      await client.untilShown("main.py", []);
    }));

  it("hears of folders that come and go by their own names alone", () =>
    using(
      { files: { "lib/helper.py": HELPER, "main.py": LIB }, settings: { scope: "workspace" } },
      async (client) => {
        await client.untilShown("main.py", ["3: blocking-sleep"]);
        renameSync(join(client.root, "lib"), join(client.root, "old"));
        await watched(client, "lib", 3);
        await client.untilShown("main.py", []);
        renameSync(join(client.root, "old"), join(client.root, "lib"));
        client.write("lib/node_modules/more.py", "import time\nasync def f(): time.sleep(1)\n");
        await watched(client, "lib", 1);
        await client.untilShown("main.py", ["3: blocking-sleep"]);
        client.write("lib/more.py", "import time\nasync def f(): time.sleep(1)\n");
        await watched(client, "lib/more.py", 1);
        await client.untilShown("lib/more.py", ["2: blocking-sleep"]);
        assert.equal(client.diagnostics.has(client.uri("lib/node_modules/more.py")), false);
        rmSync(join(client.root, "lib"), { recursive: true });
        await watched(client, "lib", 3);
        await client.untilShown("lib/more.py", []);
        await client.untilShown("main.py", []);
      },
    ));

  it("shows nothing of a file that is gone", () =>
    using(
      { files: { "a.py": "import time\nasync def f(): time.sleep(1)\n" }, settings: { scope: "workspace" } },
      async (client) => {
        await client.untilShown("a.py", ["2: blocking-sleep"]);
        unlinkSync(join(client.root, "a.py"));
        await watched(client, "a.py", 3);
        await client.untilShown("a.py", []);
      },
    ));

  it("keeps what it shows of a file that is closed and opened at once", () =>
    using({ files: { "helper.py": HELPER, "main.py": MAIN } }, async (client) => {
      await client.opened("main.py", MAIN);
      await client.untilShown("main.py", ["5: blocking-sleep"]);
      const nowhere = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
      for (let i = 0; i < 5; i++) {
        void client.closed("main.py");
        await client.opened("main.py", MAIN);
        // What the closing reads from the disk is read long before these are answered.
        for (let j = 0; j < 20; j++) await client.actions("main.py", nowhere);
        assert.deepEqual(client.shown("main.py"), ["5: blocking-sleep"]);
      }
    }));

  it("reads pyproject.toml, again when it changes, and shows what is wrong in it", () =>
    using(
      { files: { "helper.py": HELPER, "pyproject.toml": '[tool.loopscope]\nignore = ["ALL"]\n' } },
      async (client) => {
        await client.opened("main.py", MAIN);
        assert.deepEqual(client.shown("main.py"), []);
        client.write("pyproject.toml", '[tool.loopscope.severity]\nblocking-sleep = "hint"\n');
        await watched(client, "pyproject.toml", 2);
        await client.untilShown("main.py", ["5: blocking-sleep"]);
        assert.equal(client.diagnostics.get(client.uri("main.py"))?.[0].severity, 4);
        client.write("pyproject.toml", "[tool.loopscope]\n\nblocking = 3\n");
        await watched(client, "pyproject.toml", 2);
        await client.until(() => client.diagnostics.get(client.uri("pyproject.toml"))?.length === 1);
        assert.match(
          client.diagnostics.get(client.uri("pyproject.toml"))?.[0].message ?? "",
          /"blocking" must be a list/,
        );
        client.write("pyproject.toml", "");
        await watched(client, "pyproject.toml", 2);
        await client.until(() => client.diagnostics.get(client.uri("pyproject.toml"))?.length === 0);
      },
    ));

  it("takes the editor's settings, when they change too", () =>
    using({ files: { "helper.py": HELPER }, settings: { offloaders: ["helper.save"] } }, async (client) => {
      await client.opened("main.py", MAIN);
      client.settings = { blocking: ["vendor.call"] };
      await client.connection.sendNotification("workspace/didChangeConfiguration", { settings: null });
      await client.untilShown("main.py", ["5: blocking-sleep"]);
      client.settings = { enable: false };
      await client.connection.sendNotification("workspace/didChangeConfiguration", { settings: null });
      await client.untilShown("main.py", []);
      client.settings = { select: ["no-such-rule"] };
      await client.connection.sendNotification("workspace/didChangeConfiguration", { settings: null });
      await client.until(() => client.messages.some((each) => /no rule is called "no-such-rule"/.test(each)));
    }));

  it("keeps folders apart, each with its settings", () =>
    using(
      {
        folders: ["one", "two"],
        files: {
          "one/helper.py": HELPER,
          "two/helper.py": "def save(): ...\n",
          "two/pyproject.toml": '[tool.loopscope]\nignore = ["missing-await"]\n',
        },
      },
      async (client) => {
        const text = `${MAIN}    main()\n`;
        await client.opened("one/main.py", text);
        await client.opened("two/main.py", text);
        await client.untilShown("one/main.py", ["5: blocking-sleep", "6: missing-await"]);
        await client.untilShown("two/main.py", []);
        // A file of neither: judged by itself.
        await client.opened("three.py", text);
        await client.untilShown("three.py", ["6: missing-await"]);
      },
    ));

  it("takes in a folder that is added, and lets one go that is removed", () =>
    using({ folders: ["one"], files: { "two/helper.py": HELPER } }, async (client) => {
      await client.opened("two/main.py", MAIN);
      assert.deepEqual(client.shown("two/main.py"), []);
      const folder = { uri: client.uri("two"), name: "two" };
      const changed = (event: object) =>
        client.connection.sendNotification("workspace/didChangeWorkspaceFolders", { event });
      await changed({ added: [folder], removed: [] });
      await client.untilShown("two/main.py", ["5: blocking-sleep"]);
      await changed({ added: [], removed: [folder] });
      await client.untilShown("two/main.py", []);
    }));

  it("reports files that are not open when asked to", () =>
    using(
      { files: { "helper.py": HELPER, "main.py": MAIN }, settings: { scope: "workspace" } },
      async (client) => {
        await client.untilShown("main.py", ["5: blocking-sleep"]);
      },
    ));

  it("leaves out what nobody wrote, and says so", () =>
    using(
      {
        files: {
          "main.py": MAIN,
          "node_modules/helper.py": HELPER,
          "env/pyvenv.cfg": "",
          "env/helper.py": HELPER,
          ".gitignore": "generated/\n",
          ".git/HEAD": "",
          "generated/helper.py": HELPER,
          "binary.py": "\0\0\0",
        },
        settings: { scope: "workspace" },
      },
      async (client) => {
        await client.until(() => client.diagnostics.has(client.uri("main.py")));
        assert.deepEqual(client.shown("main.py"), []);
        assert.deepEqual(
          [...client.diagnostics.keys()].filter((uri) => uri.endsWith(".py")),
          [client.uri("main.py")],
        );
        assert.ok(client.messages.some((each) => /binary\.py was left out: it is a binary file/.test(each)));
      },
    ));

  it("keeps what it has read, for the next start", function () {
    // Six servers are started.
    this.timeout(120_000);
    const storage = mkdtempSync(join(tmpdir(), "loopscope-cache-"));
    return using({ files: { "helper.py": HELPER, "main.py": MAIN }, storage }, async (client) => {
      const [name] = readdirSync(storage);
      assert.match(name, /^lint-[0-9a-f]{16}\.txt$/);
      const cache = readFileSync(join(storage, name), "utf8");
      const lines = cache.split("\n");
      assert.deepEqual(
        [lines[3], lines[5]],
        [join(client.root, "helper.py"), join(client.root, "main.py")],
        "a path and what was read of the file, in turn",
      );
      // A second server on the same folder reads it; one that was cut off in writing does not matter.
      for (const text of [cache, cache.slice(0, 100), cache.slice(0, -50), "[]"]) {
        writeFileSync(join(storage, name), text);
        const next = await Client.start({ at: client.root, storage });
        await next.opened("main.py", MAIN);
        await next.untilShown("main.py", ["5: blocking-sleep"]);
        await next.type("main.py", "    save()", "    print()");
        await next.untilShown("main.py", []);
        await next.stop();
      }
      // What was found by another build, or of other files, is not shown.
      const found = lines[2].replaceAll("blocking-sleep", "blocking-input");
      assert.notEqual(found, lines[2]);
      const wrong = [lines[0], `${lines[1]}x`, found, ...lines.slice(3)].join("\n");
      writeFileSync(join(storage, name), wrong);
      const other = await Client.start({ at: client.root, storage });
      await other.opened("main.py", MAIN);
      await other.untilShown("main.py", ["5: blocking-sleep"]);
      await other.stop();
    }).finally(() => rmSync(storage, { recursive: true, maxRetries: 5 }));
  });

  it("takes the Python cells of a notebook for one module", () =>
    using({ files: { "helper.py": HELPER } }, async (client) => {
      const notebook = client.uri("book.ipynb");
      const cell = (id: string) => `vscode-notebook-cell:${client.root}/book.ipynb#${id}`;
      const item = (id: string, text: string, languageId = "python") => ({
        uri: cell(id),
        languageId,
        version: 1,
        text,
      });
      await client.connection.sendNotification("notebookDocument/didOpen", {
        notebookDocument: {
          uri: notebook,
          notebookType: "jupyter-notebook",
          version: 1,
          cells: ["a", "m", "b"].map((id) => ({ kind: id === "m" ? 1 : 2, document: cell(id) })),
        },
        cellTextDocuments: [
          item("a", "%matplotlib inline\nimport time\nfrom helper import save"),
          item("b", "!ls\nasync def main():\n    save()\n    time.sleep(1)"),
        ],
      });
      await client.until(() => client.shownAt(cell("b")).length === 2);
      assert.deepEqual(client.shownAt(cell("b")), ["3: blocking-sleep", "4: blocking-sleep"]);
      assert.deepEqual(client.shownAt(cell("a")), []);
      const actions = await client.connection.sendRequest<
        { edit?: { changes: Record<string, unknown[]> } }[]
      >("textDocument/codeAction", {
        textDocument: { uri: cell("b") },
        range: { start: { line: 3, character: 4 }, end: { line: 3, character: 4 } },
        context: { diagnostics: [] },
      });
      // The import goes to the first cell, the call is in this one.
      assert.deepEqual(Object.keys(actions[0].edit?.changes ?? {}).sort(), [cell("a"), cell("b")]);
      await client.connection.sendNotification("notebookDocument/didChange", {
        notebookDocument: { uri: notebook, version: 2 },
        change: {
          cells: {
            textContent: [
              {
                document: { uri: cell("b"), version: 2 },
                changes: [
                  {
                    range: { start: { line: 2, character: 4 }, end: { line: 2, character: 10 } },
                    text: "pass",
                  },
                ],
              },
            ],
          },
        },
      });
      await client.until(() => client.shownAt(cell("b")).length === 1);
      await client.connection.sendNotification("notebookDocument/didChange", {
        notebookDocument: { uri: notebook, version: 3 },
        change: {
          cells: {
            structure: {
              array: { start: 0, deleteCount: 0, cells: [{ kind: 2, document: cell("c") }] },
              didOpen: [item("c", "async def first():\n    input()\n")],
            },
          },
        },
      });
      await client.until(() => client.shownAt(cell("c")).length === 1);
      assert.deepEqual(client.shownAt(cell("b")), ["4: blocking-sleep"]);
      await client.connection.sendNotification("notebookDocument/didClose", {
        notebookDocument: { uri: notebook },
        cellTextDocuments: [],
      });
      await client.until(() => client.shownAt(cell("b")).length === 0);
    }));
});
