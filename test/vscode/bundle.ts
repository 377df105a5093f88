import { join } from "node:path";
import { build } from "esbuild";
import { root } from "../../scripts/lib/paths";

/** The tests run as one bundle, beside the extension's. */
export async function bundle(): Promise<void> {
  await build({
    entryPoints: [join(root, "test/vscode/index.ts")],
    outfile: join(root, "dist/test/index.js"),
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    sourcemap: true,
    external: ["vscode", "mocha"],
    logLevel: "warning",
  });
}
