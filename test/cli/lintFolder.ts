import assert from "node:assert/strict";
import type { LintReport } from "../../src/protocol/lintReport";
import { Folder, loopscope, type Result } from "./cli";

export const SLEEPS = "import time\n\n\nasync def main():\n    time.sleep(1)\n";
export const HELPER = "import time\n\n\ndef save():\n    time.sleep(1)\n";
export const CALLS = "from helper import save\n\n\nasync def main():\n    save()\n";

/** A folder whose files `loopscope lint` is asked about, from within. */
export class LintFolder extends Folder {
  lint(...args: string[]): Promise<Result> {
    return loopscope(["lint", ...args], { cwd: this.path });
  }

  async json(...args: string[]): Promise<LintReport> {
    const { stdout, stderr, code } = await this.lint("--format", "json", ...args);
    const report = JSON.parse(stdout);
    assert.equal(code, report.findings.length > 0 ? 1 : 0, stderr);
    return report;
  }

  /** Of each finding file, line and rule. */
  places({ findings }: LintReport): string[] {
    return findings.map((each) => `${each.file.slice(this.path.length + 1)}:${each.line} ${each.rule}`);
  }
}
