import { signal } from "@preact/signals";
import type { Place } from "../../src/protocol/report";
import type { HostAction } from "../../src/protocol/view";
import type { Host } from "../host/host";

let host: Host;

/** A short message that goes away by itself. */
export const toast = signal<{ text: string; id: number } | null>(null);
let toasts = 0;

export function say(text: string): void {
  const id = ++toasts;
  toast.value = { text, id };
  setTimeout(() => {
    if (toast.value?.id === id) toast.value = null;
  }, 4000);
}

/** Called once, before anything else here. */
export function useHost(its: Host): void {
  host = its;
}

export const inEditor = (): boolean => host.kind === "vscode";

/** Opens a source line in the editor. */
export function openPlace(place: Pick<Place, "file" | "line">): void {
  if (place.file && place.line > 0) host.post({ type: "open", at: { file: place.file, line: place.line } });
}

export function copyText(text: string, what: string): void {
  host.post({ type: "copy", text, what });
}

export function saveText(name: string, text: string): void {
  host.post({ type: "save", name, text });
}

export function openHelp(page: string): void {
  host.post({ type: "help", page });
}

export function act(action: HostAction): void {
  host.post({ type: "action", action });
}

/** Tells the host which task is selected (report id), so that its own tree can follow. */
export function announceSelection(task: number | null): void {
  host.post({ type: "select", task });
}
