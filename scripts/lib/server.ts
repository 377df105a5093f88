import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./paths";
import type { Server } from "./provision";

export interface ServerOptions {
  /** User settings, in place before the editor reads them. */
  settings?: Record<string, unknown>;
  /** Workspace trust is off unless a test is about it: its question would stand in the way. */
  trust?: boolean;
  /** Added to the environment that the extension host, and so the terminals, inherit. */
  env?: NodeJS.ProcessEnv;
  /** False: only what is in the extensions folder, and not the extension of this checkout. */
  development?: boolean;
  /** Write to the extensions folder before the server scans it. */
  prepare?: (extensionsDir: string) => void;
}

/** A VS Code server of its own: own port, own temporary user data, nothing left behind by `close`. */
export interface RunningServer {
  port: number;
  /** The temporary folder that holds its user data, extensions and log. */
  home: string;
  extensionsDir: string;
  /** The address of a workspace folder opened with the extension under development. `payload` adds pairs. */
  url(folder: string, payload?: [string, string][]): string;
  /** Everything the server has printed, for a failure's message. */
  log(): string;
  close(): Promise<void>;
}

/** Settings that keep the editor quiet and every start the same. */
const QUIET_SETTINGS = {
  "workbench.startupEditor": "none",
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
  "workbench.tips.enabled": false,
  "workbench.colorTheme": "Default Dark Modern",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "chat.disableAIFeatures": true,
  "chat.commandCenter.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "git.enabled": false,
  "files.autoSave": "off",
  "terminal.integrated.enablePersistentSessions": false,
  "workbench.enableExperiments": false,
};

/** Starts the server and resolves once it listens. */
export async function startServer(server: Server, options: ServerOptions = {}): Promise<RunningServer> {
  const home = mkdtempSync(join(tmpdir(), "loopscope-vscode-"));
  const extensionsDir = join(home, "extensions");
  mkdirSync(join(home, "user/Machine"), { recursive: true });
  mkdirSync(extensionsDir);
  // The server reads machine settings; a browser's user settings live in its own storage and start empty.
  writeFileSync(
    join(home, "user/Machine/settings.json"),
    JSON.stringify({ ...QUIET_SETTINGS, ...options.settings }),
  );
  options.prepare?.(extensionsDir);

  const development = options.development === false ? [] : [["extensionDevelopmentPath", root]];
  const port = await freePort();
  const logFile = join(home, "server.log");
  const child = spawn(server.node, serverArguments(server, home, port, options.trust === true), {
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const stop = killWithUs(child, () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
  const out = createWriteStream(logFile);
  child.stdout.pipe(out);
  child.stderr.pipe(out);
  await listening(child, logFile);

  return {
    port,
    home,
    extensionsDir,
    url: (folder, payload = []) => {
      const remote = (path: string) => `vscode-remote://127.0.0.1:${port}${path}`;
      const pairs = [...development, ["skipWelcome", "true"], ...payload].map(([key, value]) => [
        key,
        value.startsWith("/") ? remote(value) : value,
      ]);
      const query = new URLSearchParams({ folder, payload: JSON.stringify(pairs) });
      return `http://127.0.0.1:${port}/?${query}`;
    },
    log: () => readFileSync(logFile, "utf8"),
    close: stop,
  };
}

function serverArguments(server: Server, home: string, port: number, trust: boolean): string[] {
  return [
    server.serverMain,
    ...["--host", "127.0.0.1", "--port", String(port)],
    ...["--without-connection-token", "--accept-server-license-terms", "--telemetry-level", "off"],
    ...["--user-data-dir", join(home, "user"), "--server-data-dir", join(home, "server")],
    ...["--extensions-dir", join(home, "extensions")],
    // A window that is closed is not coming back: its extension host, and what it runs, end with it.
    ...["--reconnection-grace-time", "1"],
    // Without it the page ignores the payload that names the extension under development.
    "--enable-smoke-test-driver",
    ...(trust ? [] : ["--disable-workspace-trust"]),
  ];
}

/** A port that was free a moment ago, on the loopback address. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

function listening(child: ChildProcess, logFile: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(
        new Error(`The VS Code server stopped at once (code ${code}):\n${readFileSync(logFile, "utf8")}`),
      ),
    );
    let said = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      if (said.length < 100_000) said += chunk;
      if (said.includes("Extension host agent listening on")) resolve();
    });
  });
}

/** Kills the server with all it started (extension host, terminals), when asked to or when this process ends. */
function killWithUs(child: ChildProcess, cleanUp: () => void): () => Promise<void> {
  const kill = (signal: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  };
  const atExit = () => {
    kill("SIGKILL");
    cleanUp();
  };
  // Without a handler a signal ends this process with no "exit" event.
  const onSignal = () => process.exit(1);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  process.once("exit", atExit);
  for (const signal of signals) process.once(signal, onSignal);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return async () => {
    kill("SIGTERM");
    const hard = setTimeout(() => kill("SIGKILL"), 3000);
    await ended;
    clearTimeout(hard);
    for (const signal of signals) process.off(signal, onSignal);
    process.off("exit", atExit);
    atExit(); // the extension host outlives its server by a moment
  };
}
