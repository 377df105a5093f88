import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Finding } from "../protocol/report";
import { STREAM_HEADER_BYTES } from "../protocol/stream";
import { readTraceFile } from "../session";
import { type FindingOptions, findings, Trace, TraceFormatError } from "../trace";
import { newTrace } from "./model";
import { UsageError } from "./output";

/** Bytes of a trace per element: a browser decodes them one at a time. Divisible by 3, so that no base64 is padded. */
const PIECE = 768 * 1024;

/** The view's script and style sheet, as built. Throws UsageError when this installation has none. */
export function viewAssets(): { script: string; css: string } {
  const [script, css] = ["webview.js", "webview.css"].map((name) => {
    const path = join(__dirname, name);
    if (!existsSync(path)) throw new UsageError(`the view is missing (${path}): build it with npm run build`);
    return readFileSync(path, "utf8").replace(/^(?:\/\/|\/\*)# sourceMappingURL=.*$/gm, "");
  });
  // Inside an element, the element's own end tag is the one thing that must not occur.
  return { script: script.replace(/<\/(script)/gi, "<\\/$1"), css: css.replace(/<\/(style)/gi, "<\\/$1") };
}

/** Refuses what is not a trace this build reads. Throws UsageError. */
export async function checkTrace(path: string): Promise<void> {
  try {
    for await (const bytes of readTraceFile(path)) {
      if (bytes.length < STREAM_HEADER_BYTES) throw new TraceFormatError("not a Loopscope trace");
      new Trace().feed(bytes.subarray(0, STREAM_HEADER_BYTES));
      return;
    }
    throw new TraceFormatError("the file is empty");
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(error instanceof TraceFormatError ? `${path}: ${message}` : message);
  }
}

/** Text as it may stand in HTML, in an attribute or outside. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (char) => entities[char]);
}

/** The page up to its traces. `policy` is the content security policy, `head` goes into the head. */
export function pageStart(title: string, blockMs: number | undefined, policy: string, head: string): string {
  const threshold = blockMs === undefined ? "" : ` data-block-ms="${blockMs}"`;
  return `<!DOCTYPE html>
<html lang="en" data-folders="${escapeHtml(process.cwd())}"${threshold}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)} · Loopscope</title>
${head}
</head>
<body>
<div id="loopscope"></div>
`;
}

/** What a page with our own script and style may do: nothing else runs, and nothing is fetched but `connect`. */
export function contentPolicy(script: string, css: string, connect = "'none'"): string {
  return [
    "default-src 'none'",
    `script-src ${script}`,
    `style-src ${css}`,
    "img-src data: blob:",
    "font-src data:",
    "worker-src blob:",
    `connect-src ${connect}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

/** The findings that take the program's source: a view has the trace only. */
export function sourceFindings(trace: Trace, options: FindingOptions): Finding[] {
  const without = new Set(findings(trace).map((finding) => finding.rule));
  return findings(trace, options).filter((finding) => !without.has(finding.rule));
}

/**
 * The view of a trace as one self-contained file, in pieces: works from disk, without a network. Throws
 * at once, before a file is begun, when this installation has no view: defaults are evaluated by the call.
 */
export async function* htmlReport(
  trace: string,
  blockMs?: number,
  { script, css } = viewAssets(),
): AsyncGenerator<string> {
  const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const title = basename(trace);
  yield pageStart(title, blockMs, contentPolicy(hash(script), hash(css)), `<style>${css}</style>`);
  const read = newTrace(blockMs);
  for await (const piece of pieces(trace)) {
    read.feed(piece);
    const attributes = `data-slot="a" data-title="${escapeHtml(title)}"`;
    yield `<script type="application/x-loopscope" ${attributes}>${piece.toString("base64")}</script>\n`;
  }
  read.finish();
  const { newReading } = await import("./reading");
  const found = Buffer.from(JSON.stringify(sourceFindings(read, newReading()))).toString("base64");
  yield `<script type="application/x-loopscope-findings" data-slot="a">${found}</script>\n`;
  yield `<script>${script}</script>\n</body>\n</html>\n`;
}

async function* pieces(path: string): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of readTraceFile(path)) {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : Buffer.from(chunk);
    while (rest.length >= PIECE) {
      yield rest.subarray(0, PIECE);
      rest = rest.subarray(PIECE);
    }
  }
  if (rest.length > 0) yield rest;
}
