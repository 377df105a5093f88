import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { FrameType } from "../../src/protocol/stream";
import { jsonFrame, streamHeader } from "../../src/session/frames";

/** Connects to a listener's channel, as a runtime does. */
export async function dial(channel: string): Promise<Socket> {
  const [kind, rest] = [channel.slice(0, channel.indexOf(":")), channel.slice(channel.indexOf(":") + 1)];
  const [host, port] = rest.split(":");
  const socket = kind === "unix" ? connect(rest) : connect(Number(port), host);
  await once(socket, "connect");
  // Being cut off is what many of these tests are about.
  socket.on("error", () => {});
  return socket;
}

/** A hello that is accepted, with fields replaced. */
export function hello(token: string, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    protocol: 1,
    token,
    runtime: "cpython",
    version: "3.11.7",
    executable: "/usr/bin/python3",
    argv: ["app.py"],
    cwd: "/",
    pid: 4242,
    ppid: 1,
    clock: { monotonicNs: 1, wallNs: 1 },
    startNs: 1,
    mode: "fast",
    modeReason: "",
    patched: [],
    blockNs: 50e6,
    detail: "full",
    ...changes,
  };
}

export function helloBytes(token: string, changes: Record<string, unknown> = {}): Buffer {
  return Buffer.concat([streamHeader(), jsonFrame(FrameType.hello, 0, hello(token, changes))]);
}

/** Resolves when the other side has closed the connection. */
export async function closed(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.closed) await once(socket, "close");
}
