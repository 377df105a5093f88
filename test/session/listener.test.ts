import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { deflateSync } from "node:zlib";
import { FrameType, type Hello, MAX_FRAME_BYTES, STREAM_HEADER_BYTES } from "../../src/protocol/stream";
import { type Frame, framesOf, jsonFrame, streamHeader } from "../../src/session/frames";
import { Listener, type ListenerOptions, type TracedProgram } from "../../src/session/listener";
import { closed, dial, hello, helloBytes } from "./client";

/** A listener that keeps what it gets, and lets a test wait for it. */
class Ear {
  readonly chunks: Uint8Array[] = [];
  readonly problems: string[] = [];
  readonly gone: number[] = [];
  private waiters: (() => void)[] = [];
  listener!: Listener;

  static async open(options: Partial<ListenerOptions> = {}): Promise<Ear> {
    const ear = new Ear();
    const told = () => {
      for (const wake of ear.waiters.splice(0)) wake();
    };
    ear.listener = await Listener.open({
      onFrames: (bytes) => {
        ear.chunks.push(bytes);
        told();
      },
      onProblem: (message) => {
        ear.problems.push(message);
        told();
      },
      onGone: (program: TracedProgram) => {
        ear.gone.push(program.number);
        told();
      },
      ...options,
    });
    return ear;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get frames(): (Frame & { program: number })[] {
    return [...framesOf(this.bytes.subarray(STREAM_HEADER_BYTES))].map((frame) => ({
      ...frame,
      program: frame.bytes.readUInt16LE(6),
    }));
  }

  async until(what: () => boolean): Promise<void> {
    while (!what()) await new Promise<void>((resolve) => this.waiters.push(resolve));
  }
}

describe("the listener", () => {
  let ear: Ear;
  afterEach(() => ear.listener.close());

  for (const transport of ["unix", "tcp"] as const) {
    it(`passes a program's frames on, numbered and without the token, over ${transport}`, async () => {
      ear = await Ear.open({ transport });
      assert.ok(ear.listener.channel.startsWith(`${transport}:`));
      const socket = await dial(ear.listener.channel);
      const stats = jsonFrame(FrameType.stats, 0, { t: 1 });
      const all = Buffer.concat([helloBytes(ear.listener.token), stats, jsonFrame(200, 0, "unknown"), stats]);
      for (let at = 0; at < all.length; at += 7) socket.write(all.subarray(at, at + 7));
      await ear.until(() => ear.frames.length === 4);
      assert.deepEqual(
        ear.frames.map(({ type, program }) => [type, program]),
        [
          [FrameType.hello, 1],
          [FrameType.stats, 1],
          [200, 1],
          [FrameType.stats, 1],
        ],
      );
      const told = JSON.parse(ear.frames[0].body.toString()) as Hello;
      assert.equal(told.token, null);
      assert.deepEqual(told, { ...hello(""), token: null });
      assert.ok(!ear.bytes.includes(ear.listener.token));
      assert.deepEqual(ear.problems, []);
      socket.destroy();
    });
  }

  it("keeps its socket to its user, and removes it", async () => {
    ear = await Ear.open();
    const path = ear.listener.channel.slice("unix:".length);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
    await ear.listener.close();
    assert.ok(!existsSync(dirname(path)));
  });

  it("uses a port where the temporary folder's path is too long for a socket", async () => {
    const before = process.env.TMPDIR;
    const { mkdtempSync, rmSync, mkdirSync } = await import("node:fs");
    const { tmpdir } = await import("node:os");
    const root = mkdtempSync(`${tmpdir()}/long-`);
    const deep = `${root}/${"d".repeat(110)}`;
    mkdirSync(deep);
    try {
      process.env.TMPDIR = deep;
      ear = await Ear.open();
      assert.match(ear.listener.channel, /^tcp:127\.0\.0\.1:\d+$/);
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
      rmSync(root, { recursive: true });
    }
  });

  const strangers: [string, (token: string) => Buffer, RegExp][] = [
    [
      "garbage",
      () => Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
      /did not speak the trace format/,
    ],
    ["a wrong token", () => helloBytes("x".repeat(32)), /token is wrong/],
    ["an empty token", () => helloBytes(""), /token is wrong/],
    [
      "no hello",
      () => Buffer.concat([streamHeader(), jsonFrame(FrameType.records, 0, {})]),
      /did not begin with hello/,
    ],
    [
      "a huge length",
      () => Buffer.concat([streamHeader(), Buffer.from("ffffffff01000000", "hex")]),
      /4294967295 bytes/,
    ],
    [
      "a hello that is no JSON",
      () => Buffer.concat([streamHeader(), raw(1, 0, Buffer.from("{"))]),
      /not readable/,
    ],
    ["a hello that is null", () => Buffer.concat([streamHeader(), jsonFrame(1, 0, null)]), /not readable/],
    [
      "a hello that inflates without end",
      () => Buffer.concat([streamHeader(), raw(1, 1, deflateSync(Buffer.alloc(64 << 20)))]),
      /not readable/,
    ],
    [
      "another protocol",
      (token) => helloBytes(token, { protocol: 2 }),
      /its protocol is 2, this build speaks 1/,
    ],
    ["no argv", (token) => helloBytes(token, { argv: "app.py" }), /no valid "argv"/],
    ["no clock", (token) => helloBytes(token, { clock: null }), /no valid "clock"/],
    ["a newer format", () => header(7), /trace format 7\.0, this build 1\.0/],
  ];
  for (const [name, bytes, reason] of strangers) {
    it(`closes a client that sends ${name}, and says why`, async () => {
      ear = await Ear.open();
      const good = await dial(ear.listener.channel);
      good.write(helloBytes(ear.listener.token));
      await ear.until(() => ear.frames.length === 1);
      const bad = await dial(ear.listener.channel);
      bad.write(bytes(ear.listener.token));
      await closed(bad);
      await ear.until(() => ear.problems.length > 0);
      assert.match(ear.problems[0], reason);
      good.write(jsonFrame(FrameType.stats, 0, {}));
      await ear.until(() => ear.frames.length === 2);
      assert.equal(ear.listener.programs.length, 1);
      good.destroy();
    });
  }

  it("closes a client that does not introduce itself in time", async () => {
    ear = await Ear.open({ helloTimeoutMs: 50 });
    const slow = await dial(ear.listener.channel);
    slow.write(streamHeader());
    await closed(slow);
    assert.match(ear.problems[0], /did not introduce itself in time/);
  });

  it("survives a flood of connections, and still hears the program", async () => {
    ear = await Ear.open();
    const flood = await Promise.all(Array.from({ length: 300 }, () => dial(ear.listener.channel)));
    const good = await dial(ear.listener.channel);
    good.write(helloBytes(ear.listener.token));
    await ear.until(() => ear.frames.length === 1);
    assert.ok(ear.problems.length <= 3, `a flood fills the log: ${ear.problems.length} lines`);
    for (const socket of [...flood, good]) socket.destroy();
  });

  it("keeps what came before a program's fault, and closes it", async () => {
    ear = await Ear.open();
    const socket = await dial(ear.listener.channel);
    socket.write(
      Buffer.concat([
        helloBytes(ear.listener.token),
        jsonFrame(FrameType.stats, 0, { t: 1 }),
        jsonFrame(FrameType.end, 0, { exitCode: 0 }),
        jsonFrame(FrameType.stats, 0, { t: 2 }),
      ]),
    );
    await closed(socket);
    await ear.until(() => ear.gone.length === 1);
    assert.deepEqual(
      ear.frames.map(({ type }) => type),
      [FrameType.hello, FrameType.stats],
    );
    assert.match(ear.problems[0], /program 1 sent a frame that is not its to send/);
  });

  it("takes a frame of 16 MiB and refuses a longer one", async () => {
    ear = await Ear.open();
    const socket = await dial(ear.listener.channel);
    socket.write(helloBytes(ear.listener.token));
    socket.write(raw(FrameType.records, 0, Buffer.alloc(MAX_FRAME_BYTES, 7)));
    await ear.until(() => ear.frames.length === 2);
    assert.equal(ear.frames[1].body.length, MAX_FRAME_BYTES);
    const header = Buffer.alloc(8);
    header.writeUInt32LE(MAX_FRAME_BYTES + 1);
    socket.write(header);
    await closed(socket);
    assert.match(ear.problems[0], /16777217 bytes/);
  });

  it("numbers several programs, and ends each once", async () => {
    ear = await Ear.open();
    const sockets = [];
    for (const pid of [10, 20]) {
      const socket = await dial(ear.listener.channel);
      socket.write(helloBytes(ear.listener.token, { pid }));
      await ear.until(() => ear.listener.programs.length === pid / 10);
      sockets.push(socket);
    }
    sockets[0].end();
    await ear.until(() => ear.gone.includes(1));
    const [first, second] = ear.listener.programs;
    ear.listener.end(first, { exitCode: 3, signal: null });
    ear.listener.end(first, { exitCode: null, signal: null });
    ear.listener.end(second, { exitCode: null, signal: "SIGKILL" });
    const ends = ear.frames.filter(({ type }) => type === FrameType.end);
    assert.deepEqual(
      ends.map(({ program, body }) => [program, JSON.parse(body.toString()).exitCode]),
      [
        [1, 3],
        [2, null],
      ],
    );
    sockets[1].destroy();
  });

  it("reads what a program that is gone had sent", async () => {
    ear = await Ear.open();
    const socket = await dial(ear.listener.channel);
    socket.end(Buffer.concat([helloBytes(ear.listener.token), jsonFrame(FrameType.bye, 0, { t: 1 })]));
    await once(socket, "finish");
    await ear.listener.drained(4242);
    assert.deepEqual(
      ear.frames.map(({ type }) => type),
      [FrameType.hello, FrameType.bye],
    );
  });

  it("does not wait for ever for a connection that a forked child keeps open", async () => {
    ear = await Ear.open();
    const socket = await dial(ear.listener.channel);
    socket.write(helloBytes(ear.listener.token));
    await ear.until(() => ear.frames.length === 1);
    await ear.listener.drained(4242, 20);
    socket.destroy();
  });
});

function raw(type: number, flags: number, body: Buffer): Buffer {
  const frame = Buffer.alloc(8);
  frame.writeUInt32LE(body.length);
  frame[4] = type;
  frame[5] = flags;
  return Buffer.concat([frame, body]);
}

function header(major: number): Buffer {
  const bytes = streamHeader();
  bytes.writeUInt16LE(major, 8);
  return bytes;
}
