import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTests } from "@vscode/test-electron";
import { root } from "../../scripts/lib/paths";
import { bundle } from "./bundle";

/** The same tests in a desktop VS Code, which is downloaded: for contributors with internet (and a screen, or xvfb-run). */
async function main(): Promise<void> {
  await bundle();
  const workspace = mkdtempSync(join(tmpdir(), "loopscope-workspace-"));
  try {
    await runTests({
      extensionDevelopmentPath: root,
      extensionTestsPath: join(root, "dist/test/index.js"),
      launchArgs: [workspace, "--disable-workspace-trust", "--disable-extensions"],
    });
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
