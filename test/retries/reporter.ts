import Mocha from "mocha";
import { triedAgain } from "../../scripts/lib/retried";

/**
 * The usual report, which also tells of every test that was tried a second time. The suites that run real programs,
 * browsers and editors share it: what a machine does to one of a thousand processes once must not stop everybody, and
 * nobody shall overlook it.
 */
export default class RetryReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    let retried = 0;
    runner.on("retry", (test: Mocha.Test, error: Error) => {
      retried++;
      Mocha.reporters.Base.consoleLog(`      ${triedAgain(test.fullTitle(), error)}`);
      Mocha.reporters.Base.consoleLog((error.stack ?? "").replace(/^/gm, "        | "));
    });
    runner.once("end", () => {
      if (retried > 0)
        Mocha.reporters.Base.consoleLog(`  ${retried} tried again, which may be a fault of ours`);
    });
  }
}
