import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { root } from "./paths";

/** VS Code as the npm package `code-server` ships it (this one is VS Code 1.139.1), and the Node it needs. */
const CODE_SERVER = "4.139.1";
const NODE_MAJOR = 24;

/** What it takes to run a real VS Code without a download: all three are absolute paths of executables or scripts. */
export interface Editor {
  node: string;
  serverMain: string;
  chromium: string;
}

/** The VS Code server alone, for whoever has a browser of their own. */
export type Server = Omit<Editor, "chromium">;

type Log = (line: string) => void;

/**
 * Puts VS Code and the Node it needs into `.cache/`, once: later calls find it there and return at once. Everything comes
 * through npm, by package name. The folder is filled beside its place and renamed, so that an interrupted
 * install is never taken for a whole one.
 */
export function provisionServer(log: Log = console.error): Server {
  const home = join(root, ".cache", `code-server-${CODE_SERVER}`);
  const server = serverIn(home);
  if (existsSync(server.serverMain) && existsSync(server.node)) return server;

  const started = Date.now();
  log(`Installing VS Code (the npm package code-server ${CODE_SERVER}) into .cache/ - once, about a minute.`);
  const partial = `${home}.partial-${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  writeFileSync(join(partial, "package.json"), JSON.stringify({ name: "loopscope-cache", private: true }));
  const packages = [`code-server@${CODE_SERVER}`];
  if (nodeMajor() !== NODE_MAJOR) packages.push(`${nodePackage()}@${NODE_MAJOR}`);
  npm(partial, ["install", ...packages]);
  // code-server's own install script would compile optional natives; the terminal's node-pty ships built.
  npm(join(partial, "node_modules/code-server/lib/vscode"), ["install", "--omit=dev"]);
  rmSync(home, { recursive: true, force: true });
  renameSync(partial, home);
  log(`VS Code is in place (${((Date.now() - started) / 1000).toFixed(0)} s).`);
  return server;
}

/** VS Code's server and a browser to show it in. */
export function provisionEditor(log: Log = console.error): Editor {
  return { ...provisionServer(log), chromium: provisionChromium(log) };
}

/** Finds Chromium, and on a Debian where we are root installs it when it is missing; its path. */
export function provisionChromium(log: Log = console.error): string {
  return findChromium() ?? installChromium(log);
}

/** A Chromium or Chrome of this machine, or undefined. `LOOPSCOPE_CHROMIUM` names one by its path. */
export function findChromium(): string | undefined {
  const named = process.env.LOOPSCOPE_CHROMIUM;
  if (named !== undefined && named !== "") {
    if (existsSync(named)) return named;
    throw new Error(`LOOPSCOPE_CHROMIUM names ${named}, which does not exist.`);
  }
  const mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
  return (
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
      .map(onPath)
      .find((found) => found !== undefined) ?? (existsSync(mac) ? mac : undefined)
  );
}

/** The absolute path of a command on PATH, or undefined. */
export function onPath(command: string): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, command))
    .find((file) => existsSync(file));
}

function installChromium(log: Log): string {
  const apt = onPath("apt-get");
  if (apt === undefined || process.getuid?.() !== 0) {
    throw new Error(
      "No Chromium was found. Install it (Debian: `sudo apt-get install chromium`) or set LOOPSCOPE_CHROMIUM to the path of a Chromium or Chrome.",
    );
  }
  log("Installing Debian's chromium - once.");
  const options = { stdio: "inherit" as const, env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  const retries = ["-o", "Acquire::Retries=3"];
  execFileSync(apt, [...retries, "-qq", "update"], options);
  execFileSync(
    apt,
    [...retries, "-qq", "-y", "install", "--no-install-recommends", "chromium", "fonts-dejavu-core"],
    options,
  );
  const found = findChromium();
  if (found === undefined)
    throw new Error("`apt-get install chromium` ended well and left no chromium on PATH.");
  return found;
}

function serverIn(home: string): Server {
  const modules = join(home, "node_modules");
  return {
    node: nodeMajor() === NODE_MAJOR ? process.execPath : join(modules, nodePackage(), "bin", "node"),
    serverMain: join(modules, "code-server/lib/vscode/out/server-main.js"),
  };
}

function nodeMajor(): number {
  return Number(process.versions.node.split(".")[0]);
}

/** The npm package that holds the Node binary of this platform. */
function nodePackage(): string {
  return `node-${process.platform}-${process.arch}`;
}

function npm(cwd: string, args: string[]): void {
  // Run from an npm script, this inherits variables that name the outer project; they must not steer the inner one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(package|lifecycle)_|^npm_config_(local_prefix|prefix|global_prefix)$/.test(name),
    ),
  );
  const install = () =>
    spawnSync("npm", [...args, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd,
      env,
      stdio: ["ignore", "inherit", "inherit"],
    });
  // Twice: a registry may be busy, and what was fetched stays in npm's cache.
  if (install().status !== 0 && install().status !== 0) {
    throw new Error(`\`npm ${args.join(" ")}\` failed in ${cwd} (see above). Is the npm registry reachable?`);
  }
}
