import assert from "node:assert/strict";
import type * as vscode from "vscode";
import type { Traces } from "../../../src/editor/runs/traces";
import { FindingsView } from "../../../src/editor/views/findingsView";
import type { Found } from "../../../src/editor/views/found";
import { TasksView } from "../../../src/editor/views/tasksView";
import type { Finding } from "../../../src/protocol/report";
import { Trace } from "../../../src/trace";
import { StreamWriter } from "../trace/writer";

const vs = {
  EventEmitter: class {
    event = () => ({ dispose() {} });
    fire() {}
    dispose() {}
  },
  TreeItem: class {
    constructor(readonly label: string) {}
  },
  ThemeIcon: class {},
  ThemeColor: class {},
  window: { createTreeView: () => view },
} as unknown as typeof vscode;
const view = {
  message: undefined,
  visible: true,
  onDidChangeVisibility: () => ({ dispose() {} }),
  dispose() {},
};

const finding = (rule: Finding["rule"]): Finding => ({
  rule,
  severity: "error",
  message: "m",
  at: null,
  stack: [],
  task: 1,
  tasks: [1],
  object: null,
  seconds: 0.653,
  from: 0.3,
  help: "",
});

function label(rule: Finding["rule"], live: boolean): unknown {
  const found = { all: [], of: { live }, onDidChange: () => ({ dispose() {} }) } as unknown as Found;
  return new FindingsView(vs, found).getTreeItem(finding(rule)).label;
}

/** What stands in the place of rows, in both trees. */
async function messages(trace: Trace, live: boolean): Promise<unknown[]> {
  const of = { trace, live };
  let told = () => {};
  const onDidChange = (listener: () => void) => {
    told = listener;
    return { dispose() {} };
  };
  new FindingsView(vs, { all: [], of, onDidChange } as unknown as Found);
  told();
  const ofFindings = view.message;
  const traces = { current: of, onDidUpdate: onDidChange, onDidChangeCurrent: () => ({ dispose() {} }) };
  const tasks = new TasksView(vs, traces as unknown as Traces, { of, all: [] } as unknown as Found);
  told();
  await new Promise((resolve) => setTimeout(resolve, 0));
  tasks.dispose();
  return [view.message, ofFindings];
}

describe("a run without tasks", () => {
  it("is told so among the tasks, and not praised among the findings", async () => {
    assert.deepEqual(await messages(new Trace(), true), ["Waiting for the program's first task…", undefined]);
    assert.deepEqual(await messages(new Trace(), false), ["There was no asyncio task.", undefined]);
    const some = new StreamWriter().new(1, 0, 0, "/app/app.py:1 main", "t").trace();
    assert.deepEqual(await messages(some, false), [undefined, "Nothing wrong was found."]);
  });
});

describe("a row of the findings", () => {
  it("says how long, but of a deadlock only when it is over: nothing draws the row anew meanwhile", () => {
    assert.equal(label("blocking-call", true), "Blocks the loop · 653 ms");
    assert.equal(label("deadlock", true), "Deadlock");
    assert.equal(label("deadlock", false), "Deadlock · 653 ms");
  });
});
