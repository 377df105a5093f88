import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "../../scripts/lib/paths";
import { provisionServer } from "../../scripts/lib/provision";
import { useEditor } from "../e2e/support";

const MAX_BYTES = 2 * 1024 * 1024;

/** Everything that may be in the package. A file that fits none of these came in by mistake. */
const EXPECTED = [
  /^(package\.json|package\.nls(\.[\w-]+)?\.json|readme\.md|changelog\.md|LICENSE\.txt|third-party-notices\.md|THIRD-PARTY-NOTICES\.md|\.vsixmanifest)$/,
  /^dist\/(extension|cli|server|webview)\.js$/,
  /^dist\/webview\.css$/,
  /^media\/(activity|panel-dark|panel-light)\.svg$/,
  /^media\/(icon\.png|walkthrough\/\w+\.md)$/,
  /^l10n\/bundle\.l10n(\.[\w-]+)?\.json$/,
  /^runtime\/python\/.*\.py$/,
  /^docs\/(rules\/[\w-]+\.md|trace-format\.md|images\/window\.png)$/,
];

/** What it cannot do without. */
const NEEDED = [
  "package.json",
  "package.nls.json",
  "dist/extension.js",
  "dist/webview.js",
  "dist/webview.css",
  "runtime/python/site/sitecustomize.py",
  "docs/rules/deadlock.md",
  "media/icon.png",
];

/** Packs the extension and installs it into a folder as a VS Code does; the paths of what was installed. */
function installPackage(extensionsDir: string): { vsix: string; installed: string; files: string[] } {
  const vsix = join(root, "loopscope.vsix");
  execFileSync("npm", ["run", "--silent", "package"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  const { node, serverMain } = provisionServer();
  execFileSync(
    node,
    [
      serverMain,
      ...["--install-extension", vsix, "--extensions-dir", extensionsDir],
      ...["--server-data-dir", join(extensionsDir, "../data"), "--accept-server-license-terms"],
    ],
    { stdio: ["ignore", "ignore", "ignore"] },
  );
  const folder = readdirSync(extensionsDir).find((name) => name.startsWith("loopscope.loopscope-"));
  assert.ok(folder !== undefined, `nothing was installed into ${extensionsDir}`);
  const installed = join(extensionsDir, folder);
  const files = readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(installed, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
  return { vsix, installed, files };
}

describe("the package", function () {
  this.timeout(240_000);
  let pack: ReturnType<typeof installPackage>;
  const world = useEditor({
    development: false,
    prepare: (extensionsDir) => {
      pack = installPackage(extensionsDir);
    },
  });

  it("is small", () => {
    const { size } = statSync(pack.vsix);
    assert.ok(size < MAX_BYTES, `${size} bytes`);
  });

  it("holds what it needs and nothing else", () => {
    const strangers = pack.files.filter((file) => !EXPECTED.some((pattern) => pattern.test(file)));
    assert.deepEqual(strangers, []);
    assert.deepEqual(
      NEEDED.filter((file) => !pack.files.includes(file)),
      [],
    );
  });

  it("has the manifest of this checkout and no source maps", () => {
    const version = (file: string) => JSON.parse(readFileSync(file, "utf8")).version;
    assert.equal(version(join(pack.installed, "package.json")), version(join(root, "package.json")));
    assert.doesNotMatch(
      readFileSync(join(pack.installed, "dist/extension.js"), "utf8"),
      /^\/\/# sourceMappingURL=/m,
    );
  });

  it("starts in a real VS Code and traces a program there", async () => {
    const { workbench } = world;
    await workbench.openFile("three-sleepers.py");
    await workbench.command("Loopscope: Run with Trace");
    await workbench
      .view()
      .getByRole("treeitem", { name: /Task-1\b/ })
      .waitFor({ state: "attached" });
  });
});
