import Mocha from "mocha";

/**
 * The usual report, which also tells of every test that was tried a second time: the window is VS Code's and Chromium's, not
 * ours, so one failure there may be theirs; but nobody shall overlook it.
 */
export default class RetryReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const retried: string[] = [];
    runner.on("retry", (test: Mocha.Test, error: Error) => {
      const line = `${test.fullTitle()}: ${error.message.split("\n")[0]}`;
      retried.push(line);
      console.log(`      TRIED AGAIN: ${line}`);
    });
    runner.once("end", () => {
      if (retried.length === 0) return;
      console.log(`  ${retried.length} tried again, which may be a fault of ours:`);
      for (const line of retried) console.log(`    ${line}`);
    });
  }
}
