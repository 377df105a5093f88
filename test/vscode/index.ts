import { format } from "node:util";
import Mocha from "mocha";
import RetryReporter from "../retries/reporter";
import { REPORT } from "./report";

/**
 * The entry point VS Code calls inside its extension host. The test files are bundled with it, so they
 * are required here by name, after mocha has put `describe` and `it` in place.
 */
export async function run(): Promise<void> {
  const grep = process.env.LOOPSCOPE_GREP;
  const retries = Number(process.env.LOOPSCOPE_RETRIES ?? 1);
  const mocha = new Mocha({
    ui: "bdd",
    timeout: 120_000,
    color: true,
    grep,
    retries,
    reporter: RetryReporter,
  });
  Mocha.reporters.Base.consoleLog = (...args: unknown[]) => console.log("%s", REPORT + format(...args));
  mocha.suite.emit("pre-require", globalThis as unknown as Mocha.MochaGlobals, "", mocha);
  require("./activation.test");
  require("./run.test");
  require("./launch.test");
  require("./open.test");
  require("./problems.test");
  require("./lint.test");
  await new Promise<void>((resolve, reject) =>
    mocha.run((failures) => (failures === 0 ? resolve() : reject(new Error(`${failures} tests failed`)))),
  );
}
