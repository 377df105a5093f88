// Builds everything that ships into dist/. `--watch` rebuilds on change, `--production` minifies.
const esbuild = require("esbuild");
const fs = require("node:fs");
const path = require("node:path");

const watch = process.argv.includes("--watch");
const production = process.argv.includes("--production");

const common = {
  bundle: true,
  sourcemap: production ? false : "linked",
  minify: production,
  logLevel: "info",
  absWorkingDir: __dirname,
};

/** Node side: the extension host runs CommonJS; the CLI and the language server share its target. */
const node = { ...common, platform: "node", format: "cjs", target: "node20", external: ["vscode"] };

/** Browser side: the webview, one script and one style sheet. */
const browser = {
  ...common,
  platform: "browser",
  format: "iife",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  // Icons are drawn on canvases and in the DOM from one source: the text of codicons' own SVG files.
  loader: { ".svg": "text" },
};

/** Entry points that exist: a part that is not written yet is simply not built. */
const entries = (list) => list.filter((e) => fs.existsSync(path.join(__dirname, e.entryPoints[0])));

const builds = entries([
  { ...node, entryPoints: ["src/extension.ts"], outfile: "dist/extension.js" },
  {
    ...node,
    entryPoints: ["src/cli/main.ts"],
    outfile: "dist/cli.js",
    banner: { js: "#!/usr/bin/env node" },
  },
  { ...node, entryPoints: ["src/server/main.ts"], outfile: "dist/server.js" },
  { ...browser, entryPoints: ["webview/main.tsx"], outfile: "dist/webview.js" },
]);

async function main() {
  fs.rmSync(path.join(__dirname, "dist"), { recursive: true, force: true });
  if (watch) {
    for (const options of builds) await (await esbuild.context(options)).watch();
    return;
  }
  await Promise.all(builds.map((options) => esbuild.build(options)));
  const cli = path.join(__dirname, "dist/cli.js");
  if (fs.existsSync(cli)) fs.chmodSync(cli, 0o755);
}

/** Tests build single parts with the very same options. */
module.exports = { builds };

if (require.main === module) main().catch(() => process.exit(1));
