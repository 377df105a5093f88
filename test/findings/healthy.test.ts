import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { environments } from "../../scripts/lib/pythons";
import { Folder, loopscope } from "../cli/cli";
import { validReport } from "../cli/schema";

/** What each program needs beside the standard library. */
const PROGRAMS: Record<string, string> = {
  "asyncio_tour.py": "",
  "anyio_tour.py": "anyio",
  "aiohttp_server.py": "aiohttp",
  "fastapi_uvicorn.py": "fastapi",
  "websockets_echo.py": "websockets",
};

/** Programs that do nothing wrong, as their authors would say: findings above a hint are false alarms. */
describe("programs that are in order", function () {
  this.timeout(240_000);
  const folder = new Folder();
  const all = environments();
  const newest = all[all.length - 1];
  after(() => folder.remove());

  for (const [name, needs] of Object.entries(PROGRAMS)) {
    it(`${name} raises no alarm`, async function () {
      // environments() has said why a package could not be installed.
      if (needs !== "" && newest.missing.includes(needs)) this.skip();
      const report = folder.at("report.json");
      // A machine under load holds every program now and then: what is tested here is not speed.
      const options = ["--quiet", "--block-ms", "5000", "--python", newest.command, "--report", report];
      await loopscope(["run", ...options, join(__dirname, "healthy", name)], { cwd: folder.path });
      const { findings, tasks } = validReport(readFileSync(report, "utf8"));
      assert.ok(tasks.length > 5, "it ran");
      const alarms = findings.filter(({ severity }) => severity !== "info");
      assert.deepEqual(
        alarms.map(({ rule, message }) => `${rule}: ${message}`),
        [],
      );
    });
  }
});
