import type { HostMessage, ViewMessage } from "../../src/protocol/view";

/** Whoever the view lives in: VS Code, or a page that holds or fetches a trace. */
export interface Host {
  readonly kind: "vscode" | "page";
  post(message: ViewMessage): void;
  /** Called once; messages that came before are delivered then. */
  listen(handler: (message: HostMessage) => void): void;
  /** What `setState` last kept, also from before a reload; undefined the first time. */
  getState(): unknown;
  setState(state: unknown): void;
}

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare global {
  /** Only there inside a VS Code webview; may be called once. */
  var acquireVsCodeApi: (() => VsCodeApi) | undefined;
}

/** The host inside VS Code: messages go through the webview's own channel. */
export function vscodeHost(acquire: () => VsCodeApi): Host {
  const api = acquire();
  return {
    kind: "vscode",
    post: (message) => api.postMessage(message),
    listen: (handler) =>
      window.addEventListener("message", (event: MessageEvent<HostMessage>) => handler(event.data)),
    getState: () => api.getState(),
    setState: (state) => api.setState(state),
  };
}
