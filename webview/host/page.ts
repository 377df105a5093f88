import {
  type HostAction,
  type HostMessage,
  MAX_PAGE_BYTES,
  type Slot,
  VIEW_PROTOCOL,
  type ViewMessage,
} from "../../src/protocol/view";
import { t } from "../util/l10n";
import type { Host } from "./host";

/** How a page without an editor gives the view its traces; webview/README.md documents it. */
interface PageTrace {
  slot: Slot;
  title: string;
  /** Base64 pieces in order, or null when `url` is to be fetched. */
  pieces: string[] | null;
  url: string | null;
}

const STATE_KEY = "loopscope.view";

/**
 * The host of a plain page: the trace is embedded as base64 (`<script type="application/x-loopscope">`), or
 * fetched from the address in its `data-src`. Plays the host's part of the protocol, page by page.
 */
export function pageHost(document: Document, toast: (text: string) => void): Host {
  let handler: (message: HostMessage) => void = () => {};
  let acknowledged: (() => void) | null = null;
  const actions: HostAction[] = [];

  async function run(): Promise<void> {
    const traces = findTraces(document);
    const first = traces[0];
    const blockMs = Number(document.documentElement.dataset.blockMs) || 50;
    handler({
      type: "init",
      protocol: VIEW_PROTOCOL,
      source: first ? { kind: "file", title: first.title, bytes: null } : null,
      config: { blockMs, folders: splitFolders(document.documentElement.dataset.folders), helpBase: null },
      actions,
    });
    let seq = 0;
    for (const trace of traces) {
      if (trace.slot === "b") {
        handler({ type: "compare", source: { kind: "file", title: trace.title, bytes: null } });
      }
      try {
        for await (const bytes of pages(trace)) {
          await new Promise<void>((resolve) => {
            acknowledged = resolve;
            handler({ type: "frames", seq: ++seq, slot: trace.slot, bytes });
          });
        }
      } catch (error) {
        handler({
          type: "error",
          message: t("Could not read {what}: {why}", { what: trace.title, why: String(error) }),
        });
      }
      handler({ type: "end", slot: trace.slot });
    }
    await handOverFindings();
  }

  /** What the page's maker found with the source at hand. */
  async function handOverFindings(): Promise<void> {
    for (const element of document.querySelectorAll<HTMLScriptElement>(
      'script[type="application/x-loopscope-findings"]',
    )) {
      const slot: Slot = element.dataset.slot === "b" ? "b" : "a";
      const { src } = element.dataset;
      try {
        const json = src
          ? await (await fetch(src)).text()
          : new TextDecoder().decode(decodeBase64(element.textContent ?? ""));
        const findings: unknown = JSON.parse(json);
        if (Array.isArray(findings)) handler({ type: "findings", slot, findings });
      } catch (error) {
        handler({
          type: "error",
          message: t("Could not read {what}: {why}", { what: src ?? "findings", why: String(error) }),
        });
      }
    }
  }

  function post(message: ViewMessage): void {
    switch (message.type) {
      case "ready":
        void run();
        break;
      case "ack":
        acknowledged?.();
        break;
      case "open":
        void copy(
          `${message.at.file}:${message.at.line}`,
          t("Copied the place: paste it into your editor"),
          toast,
        );
        break;
      case "copy":
        void copy(message.text, t("Copied {what}", { what: message.what }), toast);
        break;
      case "save":
        download(document, message.name, message.text);
        break;
      case "help":
        if (/^https?:/.test(message.page)) window.open(message.page, "_blank", "noopener");
        else toast(t("Help page: {page}", { page: message.page }));
        break;
      case "error":
        console.error(message.message, message.stack);
        break;
      case "select":
      case "action":
        break;
    }
  }

  return {
    kind: "page",
    post,
    listen: (listener) => {
      handler = listener;
    },
    // A page opened from disk may have no storage at all: then the view simply forgets.
    getState: () => attempt(() => JSON.parse(localStorage.getItem(STATE_KEY) ?? "null") ?? undefined),
    setState: (state) => attempt(() => localStorage.setItem(STATE_KEY, JSON.stringify(state))),
  };
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

function splitFolders(value: string | undefined): string[] {
  return value ? value.split("\n").filter(Boolean) : [];
}

function findTraces(document: Document): PageTrace[] {
  const traces: PageTrace[] = [];
  for (const element of document.querySelectorAll<HTMLScriptElement>(
    'script[type="application/x-loopscope"]',
  )) {
    const slot: Slot = element.dataset.slot === "b" ? "b" : "a";
    const url = element.dataset.src ?? null;
    const known = traces.find((trace) => trace.slot === slot);
    if (known?.pieces && !url) known.pieces.push(element.textContent ?? "");
    else {
      traces.push({
        slot,
        title: element.dataset.title ?? "trace",
        pieces: url ? null : [element.textContent ?? ""],
        url,
      });
    }
  }
  return traces;
}

async function* pages(trace: PageTrace): AsyncGenerator<Uint8Array> {
  if (trace.pieces) {
    for (const piece of trace.pieces) for (const bytes of split(decodeBase64(piece))) yield bytes;
    return;
  }
  const response = await fetch(trace.url!);
  if (!response.ok || !response.body) throw new Error(`${response.status} ${response.statusText}`);
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    for (const bytes of split(value)) yield bytes;
  }
}

function* split(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += MAX_PAGE_BYTES) yield bytes.subarray(at, at + MAX_PAGE_BYTES);
}

function decodeBase64(text: string): Uint8Array {
  const binary = atob(text.trim());
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

async function copy(text: string, said: string, toast: (text: string) => void): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${said} (${text.length > 80 ? `${text.slice(0, 80)}…` : text})`);
  } catch {
    toast(text);
  }
}

function download(document: Document, name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
