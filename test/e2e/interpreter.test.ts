import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { useEditor } from "./support";

/** The Python extension cannot be installed without internet: this one answers the part of its API that is used. */
function stubPythonExtension(extensionsDir: string, environment: string): void {
  const folder = join(extensionsDir, "ms-python.python-2026.1.0");
  mkdirSync(folder);
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({
      name: "python",
      publisher: "ms-python",
      version: "2026.1.0",
      engines: { vscode: "^1.90.0" },
      main: "extension.js",
      activationEvents: [],
    }),
  );
  writeFileSync(
    join(folder, "extension.js"),
    `const vscode = require("vscode");
const executable = ${JSON.stringify(join(environment, "bin/python"))};
exports.activate = () => ({
  environments: {
    getActiveEnvironmentPath: () => ({ id: "venv", path: ${JSON.stringify(environment)} }),
    resolveEnvironment: async () => ({ executable: { uri: vscode.Uri.file(executable) } }),
  },
});
`,
  );
}

describe("the interpreter chosen with the Python extension, in the window", function () {
  this.timeout(240_000);
  const environment = mkdtempSync(join(tmpdir(), "loopscope-venv-"));
  const world = useEditor({
    prepare: (extensionsDir) => {
      execFileSync("python3", ["-m", "venv", "--without-pip", environment]);
      stubPythonExtension(extensionsDir, environment);
    },
  });

  it("runs the program", async () => {
    const { workbench } = world;
    world.write(
      "where.py",
      `import asyncio, sys

async def main():
    with open("where.txt", "w") as file:
        file.write(sys.prefix)

asyncio.run(main())
`,
    );
    await workbench.openFile("where.py");
    await workbench.command("Loopscope: Run with Trace");
    await workbench.view().getByRole("button", { name: "Rerun" }).waitFor();
    const prefix = readFileSync(join(world.workspace, "where.txt"), "utf8");
    assert.equal(realpathSync(prefix), realpathSync(environment));
  });

  after(() => rmSync(environment, { recursive: true, force: true, maxRetries: 5 }));
});
