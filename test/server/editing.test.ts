import assert from "node:assert/strict";
import type { Hover, Range } from "vscode-languageserver-protocol";
import { type Client, using } from "./client";

const line = (number: number): Range => ({
  start: { line: number - 1, character: 4 },
  end: { line: number - 1, character: 4 },
});

describe("the language server, as an editor drives it", () => {
  const test = (title: string, act: (client: Client) => Promise<void>) => it(title, () => using({}, act));

  test("reports on opening, follows typing, and is content with its own fix", async (client) => {
    await client.opened("a.py", "import time\n\n\nasync def main():\n    pass\n");
    assert.deepEqual(client.shown("a.py"), []);
    await client.type("a.py", "pass", "time.sleep(1)");
    await client.untilShown("a.py", ["5: blocking-sleep"]);
    const [diagnostic] = client.diagnostics.get(client.uri("a.py")) ?? [];
    assert.equal(diagnostic.severity, 1);
    assert.equal(diagnostic.codeDescription?.href, "file:///pages/blocking-sleep.md");
    const actions = await client.actions("a.py", line(5));
    assert.equal(actions[0].title, "Use await asyncio.sleep()");
    assert.equal(actions[0].isPreferred, true);
    await client.apply("a.py", actions[0]);
    assert.equal(
      client.text("a.py"),
      "import asyncio\nimport time\n\n\nasync def main():\n    await asyncio.sleep(1)\n",
    );
    await client.untilShown("a.py", []);
  });

  test("counts a module that is used but not imported yet", async (client) => {
    await client.opened("a.py", "async def main():\n    time.sleep(1)\n");
    assert.deepEqual(client.shown("a.py"), ["2: blocking-sleep"]);
  });

  test("survives code that is being typed", async (client) => {
    const text = "import time\nasync def main():\n    time.sleep(1)\n";
    await client.opened("a.py", "\n");
    for (let end = 1; end <= text.length; end++) {
      await client.change("a.py", [
        {
          range: { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } },
          newText: text.slice(0, end),
        },
      ]);
    }
    await client.untilShown("a.py", ["3: blocking-sleep"]);
  });

  test("suppresses on the line, and fixes all that is safe at once", async (client) => {
    await client.opened(
      "a.py",
      "import time, os\nasync def f(): ...\nasync def main():\n    time.sleep(1)\n    f()\n    time.sleep(2)\n",
    );
    await client.untilShown("a.py", ["4: blocking-sleep", "5: missing-await", "6: blocking-sleep"]);
    const suppress = (await client.actions("a.py", line(4))).find((each) => /^Ignore/.test(each.title));
    await client.apply("a.py", suppress);
    await client.untilShown("a.py", ["5: missing-await", "6: blocking-sleep"]);
    assert.match(client.text("a.py"), /time\.sleep\(1\) {2}# loopscope: ignore\[blocking-sleep\]\n/);
    const [all] = await client.actions("a.py", line(1), ["source.fixAll"]);
    await client.apply("a.py", all);
    await client.until(() => client.shown("a.py").length === 0);
    assert.match(client.text("a.py"), /await f\(\)\n {4}await asyncio\.sleep\(2\)\n/);
  });

  test("offers gather and a TaskGroup for awaits in a row", async (client) => {
    const text =
      "async def fetch(x): ...\nasync def main():\n    a = await fetch(1)\n    b = await fetch(2)\n    return a, b\n";
    await client.opened("a.py", text);
    const actions = await client.actions("a.py", line(3));
    assert.deepEqual(
      actions.map((each) => [each.title, each.isPreferred ?? false]),
      [
        ["Run them together with asyncio.gather", false],
        ["Run them together in a TaskGroup (Python 3.11)", false],
        ["Ignore sequential-awaits on this line", false],
      ],
    );
    await client.apply("a.py", actions[1]);
    await client.untilShown("a.py", []);
    assert.match(
      client.text("a.py"),
      /a = a_task\.result\(\)\n {4}b = b_task\.result\(\)\n {4}return a, b\n$/,
    );
  });

  test("says on hover why a call blocks and how it gets there", async (client) => {
    await client.opened(
      "a.py",
      "import time\ndef save():\n    time.sleep(1)\n\nasync def main():\n    save()\n",
    );
    const hover = await client.connection.sendRequest<Hover>("textDocument/hover", {
      textDocument: { uri: client.uri("a.py") },
      position: { line: 5, character: 6 },
    });
    const { value } = hover.contents as { value: string };
    assert.match(value, /time\.sleep/);
    assert.match(value, /\[blocking-sleep\]\(file:\/\/\/pages\/blocking-sleep\.md\)/);
    assert.match(value, /1\. `save` \[a\.py:3\]\(file:.*a\.py#L3\)/);
    const none = await client.connection.sendRequest("textDocument/hover", {
      textDocument: { uri: client.uri("a.py") },
      position: { line: 3, character: 0 },
    });
    assert.equal(none, null);
  });

  test("offers who reaches a blocking call, and the settings, through the client's commands", async (client) => {
    await client.opened(
      "a.py",
      "import time\ndef save():\n    time.sleep(1)\n\nasync def main():\n    save()\n\nasync def other():\n    save()\n",
    );
    const reach = (await client.actions("a.py", line(3))).find((each) => /^Who reaches/.test(each.title));
    assert.equal(reach?.title, "Who reaches this blocking call: 2 async functions");
    const [argument] = reach?.command?.arguments ?? [];
    assert.equal(reach?.command?.command, "loopscope.lint.showReachers");
    assert.deepEqual(
      argument.locations.map((each: { range: Range }) => each.range.start.line),
      [5, 8],
    );
    const mark = (await client.actions("a.py", line(6))).find((each) => /in a thread$/.test(each.title));
    assert.equal(mark?.command?.command, "loopscope.lint.addSetting");
    assert.deepEqual(mark?.command?.arguments, [
      { uri: client.uri("a.py"), setting: "offloaders", name: "a.save" },
    ]);
  });

  test("lets one say that a call blocks", async (client) => {
    await client.opened("a.py", "import vendor\nasync def main():\n    vendor.call()\n");
    const [mark] = await client.actions("a.py", line(3));
    assert.equal(mark.title, "vendor.call is known to block");
    client.settings = { blocking: mark.command?.arguments?.map((each) => each.name) };
    await client.connection.sendNotification("workspace/didChangeConfiguration", { settings: null });
    await client.untilShown("a.py", ["3: blocking-custom"]);
  });
});
