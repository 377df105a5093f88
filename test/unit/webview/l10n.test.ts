import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BUNDLE, bundle, textsOf } from "../../../scripts/l10n";
import { messages, t, tn, tx } from "../../../webview/util/l10n";

const root = join(__dirname, "../../..");

describe("texts in other languages", () => {
  afterEach(() => {
    messages.value = {};
  });

  it("are collected in l10n/bundle.l10n.json (npm run l10n)", () => {
    assert.equal(readFileSync(BUNDLE, "utf8"), bundle());
  });

  it("of package.json are all in package.nls.json, and no others", () => {
    const keys = readFileSync(join(root, "package.json"), "utf8").match(/"%[^"%]+%"/g) ?? [];
    const used = keys.map((key) => key.slice(2, -2)).sort();
    const defined = Object.keys(JSON.parse(readFileSync(join(root, "package.nls.json"), "utf8"))).sort();
    assert.deepEqual(used, defined);
  });

  it("are found in calls, not in what is compared", () => {
    const source = `t("one {n}", { n: t("two") }) + tn(2, "{n} is", "{n} are") + tx(how === "x" ? "three" : "four", {}) + at("no")`;
    assert.deepEqual(textsOf(source), ["one {n}", "two", "{n} is", "{n} are", "three", "four"]);
  });

  it("take the place of the English ones, with the same values", () => {
    assert.equal(t("held by {name}", { name: "a{n}" }), "held by a{n}");
    assert.equal(tn(1, "{n} task", "{n} tasks"), "1 task");
    assert.equal(tn(12_000, "{n} task", "{n} tasks"), "12,000 tasks");
    assert.equal(t("iteration {n}", { n: 10_006 }), "iteration 10,006");
    messages.value = { "held by {name}": "{name} hält es", "{n} tasks": "{n} Aufgaben" };
    assert.equal(t("held by {name}", { name: "credit" }), "credit hält es");
    assert.equal(tn(2, "{n} task", "{n} tasks"), "2 Aufgaben");
    assert.deepEqual(tx("held by {name}", { name: "x" }), ["", "x", " hält es"]);
    assert.equal(t("held by {name}"), "{name} hält es");
  });
});
