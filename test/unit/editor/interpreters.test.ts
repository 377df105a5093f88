import assert from "node:assert/strict";
import { candidates, type InterpreterHost } from "../../../src/editor/python/interpreters";

interface World {
  setting?: unknown;
  /** Extension id to its API, or to an error its activation throws. */
  extensions?: Record<string, unknown>;
}

function host(world: World) {
  const log: string[] = [];
  const host = {
    extensions: {
      getExtension: (id: string) => {
        const api = world.extensions?.[id];
        if (api === undefined) return undefined;
        return { activate: async () => (api instanceof Error ? Promise.reject(api) : api) };
      },
    },
    workspace: { getConfiguration: () => ({ get: () => world.setting }) },
    log: (line: string) => log.push(line),
  } as unknown as InterpreterHost;
  return { host, log };
}

const python = {
  environments: {
    getActiveEnvironmentPath: () => ({ path: "/venv" }),
    resolveEnvironment: async () => ({ executable: { uri: { fsPath: "/venv/bin/python" } } }),
  },
};

async function paths(world: World): Promise<string> {
  const found = await candidates(host(world).host, undefined);
  return found.map((one) => `${one.path} (${one.source})`).join(", ");
}

describe("the interpreter", () => {
  it("is the setting when there is one", async () => {
    assert.equal(
      await paths({ setting: "/opt/python", extensions: { "ms-python.python": python } }),
      "/opt/python (the setting loopscope.pythonPath)",
    );
  });

  it("is else what the environments extension says", async () => {
    const envs = { getEnvironment: async () => ({ execInfo: { run: { executable: "/envs/python" } } }) };
    assert.equal(
      await paths({ extensions: { "ms-python.vscode-python-envs": envs, "ms-python.python": python } }),
      "/envs/python (the Python Environments extension)",
    );
  });

  it("is else the Python extension's choice", async () => {
    assert.equal(
      await paths({ extensions: { "ms-python.python": python } }),
      "/venv/bin/python (the Python extension)",
    );
  });

  it("is else what PATH offers, with a setting of a wrong type counting as none", async () => {
    assert.match(await paths({ setting: 7 }), /^python3? \(PATH\), python3? \(PATH\)$/);
  });

  it("is found though another extension fails, and the failure is logged", async () => {
    const world = host({ extensions: { "ms-python.python": new Error("broken install") } });
    assert.equal((await candidates(world.host, undefined))[0].source, "PATH");
    assert.match(world.log.join(), /ms-python\.python could not say .*broken install/);
  });

  it("is found with an API that is older or newer than the one known", async () => {
    assert.match(
      await paths({ extensions: { "ms-python.python": {}, "ms-python.vscode-python-envs": {} } }),
      /PATH/,
    );
  });
});
