import { chmodSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { ownFolder } from "./leftovers";

/** Where a traced program connects to. */
export interface Endpoint {
  server: Server;
  /** What LOOPSCOPE_CHANNEL says: `unix:/path` or `tcp:127.0.0.1:port`. */
  channel: string;
  /** Removes what the endpoint left in the file system. */
  dispose(): void;
}

export type Transport = "unix" | "tcp";

/** A socket's path, with its closing zero, has to fit `sockaddr_un`: 108 bytes on Linux, 104 elsewhere. */
const MAX_SOCKET_PATH = 103;

/**
 * Opens a Unix socket (0600, in a fresh 0700 folder) or, where there can be none, a port on 127.0.0.1.
 * Throws an error that says what was tried.
 */
export async function openEndpoint(transport?: Transport): Promise<Endpoint> {
  const failures: string[] = [];
  const attempts =
    transport === "tcp" || (!transport && process.platform === "win32") ? [openPort] : [openSocket, openPort];
  for (const attempt of attempts) {
    try {
      return await attempt();
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw new Error(
    `no channel to the traced program could be opened (${failures.join("; ")}). ` +
      "Check that the temporary folder (TMPDIR) is writable and that 127.0.0.1 is reachable.",
  );
}

async function openSocket(): Promise<Endpoint> {
  const folder = ownFolder("loopscope-");
  const dispose = () => rmSync(folder, { recursive: true, force: true });
  try {
    const path = join(folder, "s");
    if (Buffer.byteLength(path) > MAX_SOCKET_PATH) throw new Error(`the socket path ${path} is too long`);
    const server = createServer();
    await listen(server, { path });
    chmodSync(path, 0o600);
    return { server, channel: `unix:${path}`, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

async function openPort(): Promise<Endpoint> {
  const server = createServer();
  await listen(server, { host: "127.0.0.1", port: 0 });
  const { port } = server.address() as AddressInfo;
  return { server, channel: `tcp:127.0.0.1:${port}`, dispose: () => {} };
}

function listen(server: Server, where: { path: string } | { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
