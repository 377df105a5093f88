import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { FrameType, type Hello } from "../protocol/stream";
import { type Endpoint, openEndpoint, type Transport } from "./endpoint";
import { ChannelError, type Frame, FrameSplitter, framesOf, jsonFrame, streamHeader } from "./frames";
import { MAX_HELLO_BYTES, readHello } from "./hello";

/** A program of a trace. */
export interface TracedProgram {
  /** 1, 2, .. in the order in which programs connected. */
  number: number;
  /** What it said of itself; its token is null. */
  hello: Hello;
}

export interface ListenerOptions {
  /** Takes the trace as it grows: first its header, then runs of whole frames. Must not throw. */
  onFrames(bytes: Uint8Array): void;
  onProgram?(program: TracedProgram): void;
  /** The program's connection is gone: it ended, or it stopped tracing. */
  onGone?(program: TracedProgram): void;
  /** A client was refused or cut off; the message says why. Repetitions are counted, not repeated. */
  onProblem?(message: string): void;
  /** Forces a transport; by default a Unix socket where there can be one. */
  transport?: Transport;
  /** How long a client may take to introduce itself, milliseconds. */
  helloTimeoutMs?: number;
}

interface Client {
  socket: Socket;
  splitter: FrameSplitter;
  program: TracedProgram | null;
  timer: NodeJS.Timeout | null;
}

/** Clients that have not introduced themselves yet; when there are more, the oldest goes. */
const MAX_STRANGERS = 32;
const MAX_PROGRAMS = 0xffff;

/**
 * The receiving end of the channel. Only who knows the one-time token is listened to; whoever sends
 * anything else is closed, with a reason through `onProblem`, and disturbs nobody.
 */
export class Listener {
  readonly token = randomBytes(24).toString("base64url");
  readonly programs: TracedProgram[] = [];
  private readonly clients = new Set<Client>();
  private readonly problems = new Map<string, number>();
  private readonly ended = new Set<number>();
  private readonly waiting = new Set<() => void>();
  private closed = false;

  private constructor(
    private readonly endpoint: Endpoint,
    private readonly options: ListenerOptions,
  ) {
    process.on("exit", endpoint.dispose);
    endpoint.server.on("connection", (socket) => this.accept(socket));
    endpoint.server.on("error", (error) => this.problem(`the channel failed: ${error.message}`));
    options.onFrames(streamHeader());
  }

  /** Opens the channel. Throws an error for the user when there can be none. */
  static async open(options: ListenerOptions): Promise<Listener> {
    return new Listener(await openEndpoint(options.transport), options);
  }

  /** Where programs connect to: `unix:/path` or `tcp:127.0.0.1:port`. */
  get channel(): string {
    return this.endpoint.channel;
  }

  /** Numbers a program that never connected, so that the trace still tells what was run. */
  introduce(hello: Hello): TracedProgram {
    const program = { number: this.programs.length + 1, hello: { ...hello, token: null } };
    this.programs.push(program);
    this.options.onFrames(jsonFrame(FrameType.hello, program.number, program.hello));
    this.options.onProgram?.(program);
    return program;
  }

  /** Writes down how a program ended, and when (milliseconds of the wall clock); the first time counts. */
  end(
    program: TracedProgram,
    how: { exitCode: number | null; signal: string | null },
    when = Date.now(),
  ): void {
    if (this.ended.has(program.number)) return;
    this.ended.add(program.number);
    const wallNs = when * 1e6;
    this.options.onFrames(jsonFrame(FrameType.end, program.number, { ...how, wallNs }));
  }

  /**
   * Resolves once all that the process `pid`, which is gone, had sent was read: its connection was closed,
   * or (a forked child may hold it open) nothing came for `idleMs`. Takes 2 s at most.
   */
  async drained(pid: number, idleMs = 300): Promise<void> {
    const deadline = Date.now() + 2000;
    // A connection made just before the end may still wait to be accepted.
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    const pending = () =>
      [...this.clients].some((client) => client.program === null || client.program.hello.pid === pid);
    while (pending() && Date.now() < deadline && (await this.activity(idleMs)));
  }

  /** Closes the channel and forgets its clients. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const client of [...this.clients]) this.drop(client);
    await new Promise<void>((resolve) => this.endpoint.server.close(() => resolve()));
    process.off("exit", this.endpoint.dispose);
    this.endpoint.dispose();
  }

  private activity(withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (active: boolean) => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        resolve(active);
      };
      const wake = () => done(true);
      const timer = setTimeout(() => done(false), withinMs);
      this.waiting.add(wake);
    });
  }

  private accept(socket: Socket): void {
    const strangers = [...this.clients].filter((client) => client.program === null);
    if (strangers.length >= MAX_STRANGERS) this.refuse(strangers[0], "too many others came after it");
    const client: Client = {
      socket,
      splitter: new FrameSplitter(MAX_HELLO_BYTES),
      program: null,
      timer: setTimeout(
        () => this.refuse(client, "it did not introduce itself in time"),
        this.options.helloTimeoutMs ?? 10_000,
      ),
    };
    client.timer?.unref();
    this.clients.add(client);
    socket.on("data", (chunk: Buffer) => this.receive(client, chunk));
    // A reset is an end like any other: what came before it counts.
    socket.on("error", () => {});
    socket.on("close", () => this.drop(client));
  }

  private receive(client: Client, chunk: Buffer): void {
    if (!this.clients.has(client)) return;
    try {
      const bytes = client.splitter.push(chunk);
      if (bytes.length > 0) this.pass(client, bytes);
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      this.refuse(client, error.message);
    }
    for (const wake of [...this.waiting]) wake();
  }

  /** Passes whole frames on, up to the first that a client must not send. */
  private pass(client: Client, bytes: Buffer): void {
    let start = 0;
    let at = 0;
    const flush = () => {
      if (at > start) this.options.onFrames(bytes.subarray(start, at));
      start = at;
    };
    for (const frame of framesOf(bytes)) {
      if (client.program === null) {
        this.admit(client, frame);
        start = at + frame.bytes.length;
      } else if (frame.type === FrameType.hello || frame.type === FrameType.end) {
        flush();
        throw new ChannelError(`program ${client.program.number} sent a frame that is not its to send`);
      } else {
        frame.bytes.writeUInt16LE(client.program.number, 6);
      }
      at += frame.bytes.length;
    }
    flush();
  }

  private admit(client: Client, frame: Frame): void {
    const hello = readHello(frame, this.token);
    if (this.programs.length >= MAX_PROGRAMS) throw new ChannelError("the trace is full of programs");
    if (client.timer) clearTimeout(client.timer);
    client.timer = null;
    client.program = this.introduce(hello);
  }

  private refuse(client: Client, reason: string): void {
    this.problem(`a client of the trace channel was closed: ${reason}`);
    this.drop(client);
  }

  private drop(client: Client): void {
    if (!this.clients.delete(client)) return;
    if (client.timer) clearTimeout(client.timer);
    client.socket.destroy();
    if (client.program) this.options.onGone?.(client.program);
    for (const wake of [...this.waiting]) wake();
  }

  private problem(message: string): void {
    const count = (this.problems.get(message) ?? 0) + 1;
    if (this.problems.size > 100) this.problems.clear();
    this.problems.set(message, count);
    // 1, 10, 100, ..: an attacker does not get to fill the log.
    if (Number.isInteger(Math.log10(count))) {
      this.options.onProblem?.(count === 1 ? message : `${message} (${count} times so far)`);
    }
  }
}
