import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import type { Command } from "commander";
import { sameToken } from "../session";
import { parseMilliseconds } from "./arguments";
import { loadTrace } from "./model";
import { complain, print, UsageError } from "./output";
import { checkTrace, contentPolicy, escapeHtml, pageStart, sourceFindings, viewAssets } from "./page";
import { reading } from "./reading";

interface Options {
  port: string;
  open: boolean;
  compare?: string;
  blockMs?: number;
}

interface Answer {
  type: string;
  body: string | { file: string } | { findingsOf: string; blockMs: number | undefined };
}

/** Adds `loopscope view`. */
export function registerView(program: Command): void {
  program
    .command("view")
    .description("show a trace in the browser: the graph, the lanes, the findings")
    .argument("<trace>", "a file written by run --trace or by the editor")
    .option("--compare <trace>", "show it beside another one")
    .option("--port <n>", "port on 127.0.0.1; 0 is any that is free", "0")
    .option("--no-open", "only print the address")
    .option("--block-ms <n>", "threshold of blocking-call and starved in milliseconds", parseMilliseconds)
    .action(view);
}

async function view(trace: string, options: Options): Promise<void> {
  const port = Number(options.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new UsageError(`--port needs a number from 0 to 65535, not "${options.port}"`);
  }
  await checkTrace(trace);
  if (options.compare !== undefined) await checkTrace(options.compare);
  const token = randomBytes(24).toString("base64url");
  const server = serve(answers(trace, options), token);
  await listen(server, port);
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${token}/`;
  print(`${address}\n`);
  complain("loopscope: Ctrl-C ends it");
  if (options.open) openBrowser(address);
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  });
  server.close();
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      reject(new UsageError(`port ${port} of 127.0.0.1 cannot be opened: ${error.message}. Try --port 0.`));
    });
    server.listen(port, "127.0.0.1", resolve);
  });
}

/** What is served, by path. */
function answers(trace: string, options: Options): Map<string, Answer> {
  const { script, css } = viewAssets();
  const served = new Map<string, Answer>([
    ["webview.js", { type: "text/javascript; charset=utf-8", body: script }],
    ["webview.css", { type: "text/css; charset=utf-8", body: css }],
    ["a", { type: "application/octet-stream", body: { file: trace } }],
  ]);
  const json = "application/json; charset=utf-8";
  served.set("findings-a", { type: json, body: { findingsOf: trace, blockMs: options.blockMs } });
  const traces = [source("a", trace)];
  if (options.compare !== undefined) {
    served.set("b", { type: "application/octet-stream", body: { file: options.compare } });
    served.set("findings-b", { type: json, body: { findingsOf: options.compare, blockMs: options.blockMs } });
    traces.push(source("b", options.compare));
  }
  const head = '<link rel="stylesheet" href="webview.css">';
  const start = pageStart(
    basename(trace),
    options.blockMs,
    contentPolicy("'self'", "'self'", "'self'"),
    head,
  );
  const body = `${start}${traces.join("")}<script src="webview.js"></script>\n</body>\n</html>\n`;
  return served.set("", { type: "text/html; charset=utf-8", body });
}

function source(slot: "a" | "b", path: string): string {
  const title = escapeHtml(basename(path));
  return `<script type="application/x-loopscope" data-slot="${slot}" data-title="${title}" data-src="${slot}"></script>
<script type="application/x-loopscope-findings" data-slot="${slot}" data-src="findings-${slot}"></script>\n`;
}

/** A server for whoever knows the token, addressed by its own name only (a page elsewhere cannot rebind to it). */
function serve(answers: Map<string, Answer>, token: string): Server {
  return createServer((request, response) => {
    const answer = find(request, answers, token);
    if (!answer) {
      response.writeHead(404, { "Content-Type": "text/plain" }).end("not found\n");
      return;
    }
    send(answer, response).catch((error) => {
      complain(`loopscope: ${(error as Error).message}`);
      response.destroy();
    });
  });
}

function find(request: IncomingMessage, answers: Map<string, Answer>, token: string): Answer | undefined {
  const own = `127.0.0.1:${request.socket.localPort}`;
  if (request.method !== "GET" || request.headers.host !== own) return undefined;
  const [, given, name] = /^\/([^/?]*)\/([^/?]*)$/.exec(request.url ?? "") ?? [];
  return sameToken(given, token) ? answers.get(name) : undefined;
}

async function send({ type, body }: Answer, response: ServerResponse): Promise<void> {
  const headers = { "Content-Type": type, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" };
  if (typeof body === "string") {
    response.writeHead(200, headers).end(body);
    return;
  }
  if ("findingsOf" in body) {
    const found = JSON.stringify(sourceFindings(await loadTrace(body.findingsOf, body.blockMs), reading));
    response.writeHead(200, headers).end(found);
    return;
  }
  // The size now: a trace that is still being written is served as far as it has come.
  const size = statSync(body.file, { throwIfNoEntry: false })?.size ?? 0;
  response.writeHead(200, { ...headers, "Content-Length": size });
  if (size === 0) response.end();
  else {
    createReadStream(body.file, { end: size - 1 })
      .on("error", () => response.destroy())
      .pipe(response);
  }
}

/** Asks the desktop for a browser; where there is none, the printed address has to do. */
function openBrowser(address: string): void {
  const commands: Partial<Record<NodeJS.Platform, [string, ...string[]]>> = {
    darwin: ["open", address],
    win32: ["cmd", "/c", "start", "", address],
  };
  const [command, ...args] = commands[process.platform] ?? ["xdg-open", address];
  const child = spawn(command, args, { stdio: "ignore", detached: true });
  child.on("error", () => complain("loopscope: no browser could be opened: open the address above"));
  child.unref();
}
