import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPython, findPython, PythonError } from "../../src/session";
import { interpreters, oldInterpreter } from "../cli/pythons";

describe("finding a Python", () => {
  let folder: string;
  const nothing = { PATH: "/nowhere" };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "python-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, maxRetries: 5 }));

  /** A shell script that stands for an interpreter. */
  function script(name: string, body: string): string {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${body}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  function environment(at: string, python: string): string {
    mkdirSync(join(at, "bin"), { recursive: true });
    symlinkSync(python, join(at, "bin", "python"));
    return at;
  }

  const refused = (message: RegExp) => (error: Error) => {
    assert.ok(error instanceof PythonError);
    assert.match(error.message, message);
    return true;
  };

  for (const python of interpreters()) {
    it(`accepts CPython ${python.version}`, async () => {
      const found = await checkPython(python.path);
      assert.deepEqual(found, { command: python.path, version: python.version, implementation: "cpython" });
    });
  }

  it("refuses one that is too old, in whatever language it speaks", async function () {
    const old = oldInterpreter();
    if (!old) return this.skip();
    await assert.rejects(
      findPython(old.path),
      refused(/is Python [23]\.\d+\.\d+, which is too old: Loopscope needs Python 3\.10 or newer/),
    );
  });

  it("refuses one without asyncio", async () => {
    const [python] = interpreters();
    const bare = script("bare", `${python.path} "$@" | sed 's/ 1$/ 0/'`);
    await assert.rejects(findPython(bare), refused(/has no asyncio/));
  });

  it("refuses what is no Python", async () => {
    await assert.rejects(findPython("/bin/echo"), refused(/\/bin\/echo is not a Python interpreter/));
    await assert.rejects(findPython("/bin/ls"), refused(/\/bin\/ls is not a Python interpreter: .*option/));
    await assert.rejects(findPython(script("mute", "exit 0")), refused(/is not a Python interpreter/));
  });

  it("says what is wrong with the path it was given", async () => {
    await assert.rejects(
      findPython("/no/such/python"),
      refused(/\/no\/such\/python was not found.*--python/),
    );
    const plain = join(folder, "plain");
    writeFileSync(plain, "");
    await assert.rejects(findPython(plain), refused(/plain may not be executed/));
    await assert.rejects(findPython(""), refused(/--python needs the path/));
  });

  it("says so when there is none", async () => {
    await assert.rejects(findPython(undefined, nothing, folder), refused(/no Python interpreter was found/));
  });

  it("prefers the one asked for, then VIRTUAL_ENV, then .venv, then PATH", async () => {
    const [python] = interpreters();
    const active = environment(join(folder, "active"), python.path);
    environment(join(folder, ".venv"), python.path);
    const env = { ...nothing, VIRTUAL_ENV: active };
    const command = async (asked: string | undefined, variables: object) =>
      (await findPython(asked, { ...nothing, ...variables }, folder)).command;
    assert.equal(await command(python.path, env), python.path);
    assert.equal(await command(active, {}), join(active, "bin", "python"));
    assert.equal(await command(undefined, env), join(active, "bin", "python"));
    assert.equal(await command(undefined, {}), join(folder, ".venv", "bin", "python"));
    rmSync(join(folder, ".venv"), { recursive: true });
    symlinkSync(python.path, join(folder, "python"));
    assert.equal(await command(undefined, { PATH: folder }), "python");
  });

  it("goes on in PATH when the first is too old, and names all when none will do", async function () {
    const old = oldInterpreter();
    if (!old) return this.skip();
    symlinkSync(old.path, join(folder, "python3"));
    await assert.rejects(
      findPython(undefined, { PATH: folder }, folder),
      refused(/python3 is Python .* too old/),
    );
    symlinkSync(interpreters()[0].path, join(folder, "python"));
    assert.equal((await findPython(undefined, { PATH: folder }, folder)).command, "python");
  });
});
