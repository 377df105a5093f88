import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { readTraceFile, runtimeFolder, TraceFile, tracedEnvironment } from "../../src/session";
import { jsonFrame, streamHeader } from "../../src/session/frames";
import { faithfulCommand } from "../../src/session/rawArguments";

describe("trace files", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "traces-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, maxRetries: 5 }));

  const unexpected = (message: string) => assert.fail(message);

  async function bytesOf(path: string): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of readTraceFile(path)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  it("are there, frame by frame, before they are closed", async () => {
    const path = join(folder, "naïve trace.loopscope");
    const file = new TraceFile(path, unexpected);
    file.write(streamHeader());
    file.write(jsonFrame(7, 1, {}));
    assert.deepEqual(readFileSync(path), Buffer.concat([streamHeader(), jsonFrame(7, 1, {})]));
    file.close();
    assert.deepEqual(await bytesOf(path), readFileSync(path));
  });

  it("replace an older trace, and nothing else", () => {
    const path = join(folder, "app.py");
    writeFileSync(path, "print('precious')\n");
    assert.throws(() => new TraceFile(path, unexpected), /app\.py: it exists and is not a Loopscope trace/);
    assert.equal(readFileSync(path, "utf8"), "print('precious')\n");
    writeFileSync(path, Buffer.concat([streamHeader(), Buffer.alloc(100)]));
    const file = new TraceFile(path, unexpected);
    file.write(streamHeader());
    file.close();
    assert.deepEqual(readFileSync(path), streamHeader());
  });

  it("neither empty an older trace nor leave an empty one where nothing was recorded", () => {
    const [old, fresh] = ["old", "new"].map((name) => join(folder, name));
    writeFileSync(old, streamHeader());
    for (const path of [old, fresh]) new TraceFile(path, unexpected).close();
    assert.deepEqual(readFileSync(old), streamHeader());
    assert.equal(existsSync(fresh), false);
  });

  it("say so when they cannot be written", () => {
    assert.throws(
      () => new TraceFile(join(folder, "no", "such"), unexpected),
      /cannot be written to .*ENOENT/,
    );
    assert.throws(() => new TraceFile(folder, unexpected), /cannot be written to .*EISDIR/);
    const fifo = join(folder, "fifo");
    execFileSync("mkfifo", [fifo]);
    assert.throws(() => new TraceFile(fifo, unexpected), /cannot be written to .*not a regular file/);
  });

  it("say so once when the disk is full, and let the program go on", function () {
    if (!existsSync("/dev/full")) return this.skip();
    const problems: string[] = [];
    const file = new TraceFile("/dev/full", (message) => problems.push(message));
    file.write(streamHeader());
    file.write(streamHeader());
    assert.equal(problems.length, 1);
    assert.match(problems[0], /ENOSPC.*the program goes on/);
    assert.equal(file.complete, false);
  });

  it("say so when they cannot be read", async () => {
    await assert.rejects(bytesOf(join(folder, "none")), /there is no trace .*none/);
    await assert.rejects(bytesOf(folder), /is a folder, not a trace/);
  });
});

describe("the environment of a traced program", () => {
  const channel = { channel: "unix:/tmp/x/s", token: "secret" };

  it("leads Python to the runtime, and remembers the user's PYTHONPATH", () => {
    const site = join(runtimeFolder(), "site");
    assert.ok(existsSync(join(site, "sitecustomize.py")));
    const set = tracedEnvironment({ PYTHONPATH: "/a" }, channel, {
      blockMs: 20,
      detail: "light",
      follow: true,
    });
    assert.equal(set.PYTHONPATH, `${site}${delimiter}/a`);
    assert.equal(set.LOOPSCOPE_PYTHONPATH, "/a");
    assert.equal(set.LOOPSCOPE_CHANNEL, "unix:/tmp/x/s");
    assert.equal(set.LOOPSCOPE_TOKEN, "secret");
    assert.equal(set.LOOPSCOPE_BLOCK_MS, "20");
    assert.equal(set.LOOPSCOPE_DETAIL, "light");
    assert.equal(set.LOOPSCOPE_FOLLOW, "1");
  });

  it("tells an unset PYTHONPATH from an empty one", () => {
    assert.ok(!("LOOPSCOPE_PYTHONPATH" in tracedEnvironment({}, channel)));
    assert.equal(tracedEnvironment({ PYTHONPATH: "" }, channel).LOOPSCOPE_PYTHONPATH, "");
    assert.ok(!("LOOPSCOPE_FOLLOW" in tracedEnvironment({}, channel)));
  });
});

describe("arguments that are not UTF-8", () => {
  const bytes = (...parts: (string | number[])[]) =>
    Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part))));

  it("leaves the usual ones alone", () => {
    const command = { command: "python3", args: ["a b", "ü", "$(x)"] };
    assert.deepEqual(faithfulCommand("python3", command.args), command);
  });

  it("reach the program byte for byte", () => {
    const raw = { args: [bytes("caf", [0xe9], "'s\n\n")], env: [bytes("NAME=", [0xff], "\\n$HOME`x`")] };
    const lossy = raw.args[0].toString("utf8");
    const dump =
      "import os,sys; sys.stdout.write(repr([os.fsencode(a) for a in sys.argv[1:]] + [os.environb[b'NAME']]))";
    const { command, args } = faithfulCommand("python3", ["-c", dump, lossy, "it's $HOME", "日本"], raw);
    assert.equal(
      execFileSync(command, args, { encoding: "utf8" }),
      String.raw`[b"caf\xe9's\n\n", b"it's $HOME", b'\xe6\x97\xa5\xe6\x9c\xac', b'\xff\\n$HOME${"`"}x${"`"}']`,
    );
  });
});
