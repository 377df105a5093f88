import Mocha from "mocha";

/**
 * The entry point VS Code calls inside its extension host. The test files are bundled with it, so they
 * are required here by name, after mocha has put `describe` and `it` in place.
 */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: "bdd", timeout: 30_000, color: true, grep: process.env.LOOPSCOPE_GREP });
  mocha.suite.emit("pre-require", globalThis as unknown as Mocha.MochaGlobals, "", mocha);
  require("./activation.test");
  await new Promise<void>((resolve, reject) =>
    mocha.run((failures) => (failures === 0 ? resolve() : reject(new Error(`${failures} tests failed`)))),
  );
}
