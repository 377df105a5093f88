import assert from "node:assert/strict";
import type * as vscode from "vscode";
import { FindingsView } from "../../../src/editor/views/findingsView";
import type { Found } from "../../../src/editor/views/found";
import type { Finding } from "../../../src/protocol/report";

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
  window: { createTreeView: () => ({ dispose() {} }) },
} as unknown as typeof vscode;

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

describe("a row of the findings", () => {
  it("says how long, but of a deadlock only when it is over: nothing draws the row anew meanwhile", () => {
    assert.equal(label("blocking-call", true), "Blocks the event loop · 653 ms");
    assert.equal(label("deadlock", true), "Deadlock");
    assert.equal(label("deadlock", false), "Deadlock · 653 ms");
  });
});
