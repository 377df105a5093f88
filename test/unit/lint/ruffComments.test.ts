/** The comments by which ruff is told to be silent; what it says of these texts (0.17) was written down. */
import assert from "node:assert/strict";
import { createWorkspace } from "../../../src/lint/index";
import { unsuppressed } from "../../../src/lint/suppress";

/** Lines that end in `# !` are reported, and no others. */
function checks(text: string): void {
  const workspace = createWorkspace({ roots: ["/app"] });
  workspace.setFile("/app/main.py", text);
  const found = unsuppressed(text, workspace.findings("/app/main.py")).map(({ line }) => line);
  const expected = text.split("\n").flatMap((line, index) => (line.includes("# !") ? [index + 1] : []));
  assert.deepEqual(found, expected, text);
}

const head = "import os, time\nasync def f():\n";

describe("ruff's comments", () => {
  it("suppress on their line, by code or by name", () =>
    checks(`${head}
    time.sleep(1)  # ruff: ignore[ASYNC251]
    time.sleep(1)  #ruff:ignore[F401, blocking-sleep-in-async-function] because
    time.sleep(1)  # why # ruff: ignore[ASYNC251]
    time.sleep(1)  # ruff: ignore[ASYNC220]  # !
    time.sleep(1)  # ruff: ignore[async-busy-wait]  # !
    time.sleep(1)  # ruff: ignore  # !
    time.sleep(1)  # ruff: noqa: ASYNC251  # !
    time.sleep(1)  # Ruff: ignore[ASYNC251]  # !
`));

  it("suppress the statement below, its body aside", () =>
    checks(`${head}
    # ruff: ignore[ASYNC251]
    print(
        "(",  # )
        time.sleep(1),
    )
    time.sleep(2)  # !
    # ruff: ignore[ASYNC251]

    # and why
    time.sleep(3)
    time.sleep(4)  # !
    # ruff: ignore[blocking-sleep-in-async-function]
    if time.sleep(5):
        time.sleep(6)  # !
    # ruff: ignore[ASYNC251]`));

  it("suppress from disable to enable of the same codes, or to the end of the block", () =>
    checks(`${head}
    # ruff: disable[ASYNC251, ASYNC221]
    time.sleep(1)
    # ruff: enable[ASYNC251]
    os.system("x")
    # ruff: enable[ASYNC251,ASYNC221]
    time.sleep(2)  # !
    if f:
        #ruff:disable[ASYNC251]
        time.sleep(3)

        time.sleep(4)
        os.system("x")  # !
    time.sleep(5)  # !
    # ruff: disable[ASYNC251]
    time.sleep(6)
async def g():
    time.sleep(7)  # !
`));

  for (const comment of [
    "# ruff: noqa",
    "# ruff: noqa: ASYNC251, ASYNC221",
    "# flake8: noqa",
    "# ruff: file-ignore[ASYNC251, run-process-in-async-function]",
  ])
    it(`suppress in the whole file: ${comment}`, () =>
      checks(`"""${"x".repeat(10)}"""\n${comment}\n${head}    time.sleep(1)\n    os.system("x")\n`));

  it("do not where they are none", () =>
    checks(`${head}
    x = "# ruff: noqa"
    time.sleep(1)  # !
    x = """
# ruff: file-ignore[ASYNC251]
# ruff: disable[ASYNC251]
"""
    time.sleep(2)  # !
    x  # ruff: disable[ASYNC251]
    time.sleep(3)  # !
    x  # ruff: noqa
    time.sleep(4)  # !
`));
});
