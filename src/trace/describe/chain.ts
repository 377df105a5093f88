import type { WaitKind } from "../../protocol/report";
import type { Code } from "../store/stacks";
import type { Trace } from "../trace";
import { asyncioName, callName, isAnyioBackend, isDunder, packageOf } from "./library";

/** What an await chain alone says about what the task waits on. */
export interface ChainInfo {
  /** null: a future that the chain says nothing about. */
  kind: WaitKind | null;
  /** The library function the user's code awaits, such as "StreamReader.readline"; "" when it awaits no function. */
  call: string;
  /** wait_for, shield or timeout around what is really awaited, or "". */
  wrapper: string;
}

/** Functions of asyncio by what a task in them waits on. */
const KINDS: Record<string, WaitKind> = {
  "tasks.sleep": "sleep",
  "tasks.__sleep0": "yield",
  "tasks.wait": "tasks",
  "tasks._wait": "tasks",
  "tasks._wait_for_one": "tasks",
  "tasks._cancel_and_wait": "task",
  "taskgroups.__aexit__": "tasks",
  "taskgroups._aexit": "tasks",
  "locks.acquire": "lock",
  "locks.wait": "event",
  "locks.wait_for": "condition",
  "locks._block": "barrier",
  "locks._wait": "barrier",
  "queues.get": "queue.get",
  "queues.put": "queue.put",
  "queues.join": "queue.join",
  "threads.to_thread": "thread",
  "base_events.shutdown_default_executor": "thread",
  "base_events.getaddrinfo": "thread",
  "base_events.getnameinfo": "thread",
  "base_events.create_connection": "io",
  "base_events.create_datagram_endpoint": "io",
  "base_events.create_server": "io",
  "base_events.serve_forever": "io",
  "base_events.wait_closed": "io",
  "base_events.start_tls": "io",
  "base_events.sendfile": "io",
  "base_events.sock_sendfile": "io",
  "base_events.connect_accepted_socket": "io",
  "base_events.connect_read_pipe": "io",
  "base_events.connect_write_pipe": "io",
  "base_events._ensure_resolved": "thread",
  "unix_events.create_unix_connection": "io",
  "unix_events.create_unix_server": "io",
  "selector_events.sock_recv": "io",
  "selector_events.sock_recv_into": "io",
  "selector_events.sock_recvfrom": "io",
  "selector_events.sock_recvfrom_into": "io",
  "selector_events.sock_sendall": "io",
  "selector_events.sock_sendto": "io",
  "selector_events.sock_connect": "io",
  "selector_events.sock_accept": "io",
  "proactor_events.sock_recv": "io",
  "proactor_events.sock_sendall": "io",
  "proactor_events.sock_connect": "io",
  "proactor_events.sock_accept": "io",
  "streams.open_connection": "io",
  "streams.open_unix_connection": "io",
  "streams.start_server": "io",
  "streams.read": "io",
  "streams.readline": "io",
  "streams.readuntil": "io",
  "streams.readexactly": "io",
  "streams._wait_for_data": "io",
  "streams.drain": "io",
  "streams._drain_helper": "io",
  "streams.wait_closed": "io",
  "streams.start_tls": "io",
  "streams.__anext__": "io",
  "subprocess.wait": "process",
  "subprocess.communicate": "process",
  "subprocess.create_subprocess_exec": "process",
  "subprocess.create_subprocess_shell": "process",
  "base_events.subprocess_exec": "process",
  "base_events.subprocess_shell": "process",
  "base_subprocess._wait": "process",
  "base_subprocess._connect_pipes": "process",
};

/** By the class, where two classes of a module have a method of the same name. */
const CLASS_KINDS: Record<string, WaitKind> = {
  "Semaphore.acquire": "semaphore",
  "BoundedSemaphore.acquire": "semaphore",
  "Condition.wait": "condition",
  "Barrier.wait": "barrier",
};

const WRAPPERS: Record<string, string> = {
  "tasks.wait_for": "asyncio.wait_for",
  "tasks.shield": "asyncio.shield",
};

/** Names at which the context manager, not a call, is what the source shows. */
const CONTEXTS: Record<string, string> = {
  "taskgroups.__aexit__": "TaskGroup",
  "taskgroups._aexit": "TaskGroup",
  "tasks._wait_for_one": "asyncio.as_completed",
  "tasks._cancel_and_wait": "cancelling",
};

const known = new WeakMap<Trace, Map<number, ChainInfo>>();

/** The same for equal stacks, and remembered. */
export function chainInfo(trace: Trace, stack: number): ChainInfo {
  let infos = known.get(trace);
  if (!infos) {
    infos = new Map();
    known.set(trace, infos);
  }
  let info = infos.get(stack);
  if (!info) {
    info = classify(libraryFrames(trace, stack));
    infos.set(stack, info);
  }
  return info;
}

/**
 * Frames below the innermost user frame, outermost first. Of a task without one, such as a server's, those of the innermost
 * package and below: what a framework calls to wait, not how it came there; at most all below the task's coroutine.
 */
function libraryFrames(trace: Trace, stack: number): Code[] {
  const { stacks, places } = trace;
  const frames = stacks.placeIds(stack).map((place) => places.codeAt(place));
  const user = stacks.depth(stacks.userPart(stack));
  if (user > 0 || frames.length < 2) return frames.slice(user);
  let from = frames.findLastIndex((code) => packageOf(code) !== "");
  while (from > 0 && packageOf(frames[from - 1]) === packageOf(frames[from])) from--;
  return frames.slice(Math.max(1, from));
}

function kindOf(code: Code): WaitKind | null {
  // Its worker threads are its own, and the future they complete is like any other.
  if (code.name === "run_sync" && packageOf(code) === "anyio") return "thread";
  const name = asyncioName(code);
  if (!name) return null;
  const byClass = CLASS_KINDS[code.qualname];
  return byClass && name.startsWith("locks.") ? byClass : (KINDS[name] ?? null);
}

function classify(frames: Code[]): ChainInfo {
  const info: ChainInfo = { kind: null, call: "", wrapper: "" };
  for (const code of frames) {
    const name = asyncioName(code);
    const kind = kindOf(code);
    if (name in WRAPPERS) {
      info.wrapper ||= WRAPPERS[name];
      continue;
    }
    if (name in CONTEXTS) info.call ||= CONTEXTS[name];
    else if (code.name === "__aexit__" && isAnyioBackend(code)) info.call ||= "TaskGroup";
    else if (!isDunder(code.name) || code.name === "__sleep0") info.call ||= callName(code);
    info.kind ??= kind;
  }
  const last = frames[frames.length - 1];
  // A condition that was notified waits for its lock again; a queue read by as_completed is its tasks.
  if (info.kind === "condition" && last && kindOf(last) === "lock") info.kind = "lock";
  if (!info.call && !info.wrapper && last) info.call = callName(last);
  return info;
}
