import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { Folder, loopscope } from "./cli";

describe("what a killed loopscope leaves", () => {
  it("is removed by the next one, and what a running one uses is not", async () => {
    const folder = new Folder();
    const env = { TMPDIR: folder.path };
    const ours = () => readdirSync(folder.path).filter((name) => name.startsWith("loopscope-"));
    try {
      const source = 'import os, time\nprint("ready", os.getpid(), "", flush=True)\ntime.sleep(600)\n';
      const waits = folder.file("waits.py", source);
      const ends = folder.file("ends.py", "pass\n");
      let used: string[] = [];
      const killed = await loopscope(["run", "-q", waits], {
        env,
        on: {
          text: " \n",
          act: async (child, stdout) => {
            used = ours();
            await loopscope(["run", "-q", ends], { env });
            assert.deepEqual(ours(), used);
            child.kill("SIGKILL");
            process.kill(Number(/ready (\d+)/.exec(stdout)?.[1]), "SIGKILL");
          },
        },
      }).catch((error: Error) => error);
      assert.ok(!(killed instanceof Error), String(killed));
      assert.ok(used.length >= 2, used.join());
      assert.deepEqual(ours(), used);
      await loopscope(["run", "-q", ends], { env });
      assert.deepEqual(ours(), []);
    } finally {
      folder.remove();
    }
  });
});
