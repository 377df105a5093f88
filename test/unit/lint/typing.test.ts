import assert from "node:assert/strict";
import { createWorkspace } from "../../../src/lint/index";
import { Document } from "../../../src/lint/source/document";

const small = (name: string) => `async def ${name}(value):\n    value = value + 1\n    return value\n\n\n`;

const below = `def helper(name):
    value = json.loads(name)
    for attempt in range(3):
        if value:
            break
    return value


class Store:
    name: str

    async def save(self):
        time.sleep(1)


async def main():
    time.sleep(2)
`;

describe("typing", () => {
  it("concerns the function it is in, not its neighbours, however small", () => {
    const text = small("one") + small("two") + small("three");
    const document = new Document("/a.py", text);
    const at = text.indexOf("value = ", text.indexOf("two"));
    const edited = document.edit([{ from: at, to: at, text: "x" }])!;
    assert.ok(edited.from >= small("one").trimEnd().length, `from ${edited.from}`);
    assert.ok(edited.oldTo <= text.indexOf("async def three"), `to ${edited.oldTo}`);
  });

  it("a bracket leaves the code below as it is until it is closed", () => {
    const head = "import json, time\n\n\n";
    const workspace = createWorkspace({ roots: ["/"] });
    const found = () =>
      workspace.findings("/a.py").map(({ rule, function: name }) => `${rule} ${name ?? "module"}`);
    workspace.setFile("/a.py", head + below);
    const expected = ["blocking-sleep Store.save", "blocking-sleep main"];
    assert.deepEqual(found(), expected);
    const at = (head + below).indexOf("    value = json");
    for (const typed of ["    print(\n", "    x = [1, (\n", "    y = {\n", '    z = f"{\n']) {
      workspace.setFile("/a.py", [{ from: at, to: at, text: typed }]);
      assert.deepEqual(found(), expected, typed);
      workspace.setFile("/a.py", [{ from: at, to: at + typed.length, text: "" }]);
      workspace.setFile("/b.py", head + below.replace("    value = json", `${typed}    value = json`));
      assert.equal(workspace.findings("/b.py").length, expected.length, `${typed} when opened so`);
    }
  });
});
