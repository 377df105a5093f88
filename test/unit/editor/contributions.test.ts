import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  Command,
  ContextKey,
  DEBUG_TYPE,
  GRAPH_PANEL,
  settingDefaults,
  TRACE_EDITOR,
  View,
} from "../../../src/editor/contributions";

const root = join(__dirname, "../../..");
const { contributes, activationEvents, capabilities } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
);

/** The linter has its own ids, below these. */
const ofLinter = (id: string) => id.startsWith("loopscope.lint");

describe("package.json", () => {
  it("offers every command there is, and no other", () => {
    const offered = contributes.commands.map((one: { command: string }) => one.command);
    assert.deepEqual(offered.filter((id: string) => !ofLinter(id)).sort(), Object.values(Command).sort());
  });

  it("has every setting with the default the code has, and no other", () => {
    const sections = [contributes.configuration].flat() as {
      properties: Record<string, { default: unknown }>;
    }[];
    const properties = Object.entries(Object.assign({}, ...sections.map((one) => one.properties)));
    const ours = properties.filter(([id]) => !ofLinter(id)) as [string, { default: unknown }][];
    assert.deepEqual(
      Object.fromEntries(ours.map(([id, one]) => [id, one.default])),
      Object.fromEntries(Object.entries(settingDefaults).map(([key, value]) => [`loopscope.${key}`, value])),
    );
  });

  it("has the views and the custom editor under the ids the code uses", () => {
    const views = contributes.views.loopscope.map((one: { id: string }) => one.id);
    assert.deepEqual(views, Object.values(View));
    assert.deepEqual(
      contributes.customEditors.map((one: { viewType: string }) => one.viewType),
      [TRACE_EDITOR],
    );
    assert.notEqual(GRAPH_PANEL, TRACE_EDITOR);
  });

  it("names in its conditions and links only what exists", () => {
    const known = new Set<string>([
      ...Object.values(Command),
      ...Object.values(ContextKey),
      ...Object.values(View),
      ...Object.keys(settingDefaults).map((key) => `loopscope.${key}`),
      TRACE_EDITOR,
      GRAPH_PANEL,
    ]);
    const text = JSON.stringify([contributes, activationEvents, capabilities]);
    const named = [...text.matchAll(/\bloopscope\.\w+/g)].map(([id]) => id).filter((id) => !ofLinter(id));
    assert.deepEqual(
      [...new Set(named)].filter((id) => !known.has(id)),
      [],
    );
  });

  it("shows every command with a category and an icon, and hides those that need an argument", () => {
    for (const one of contributes.commands) assert.ok(one.category && one.icon && one.title, one.command);
    const hidden = contributes.menus.commandPalette
      .filter((one: { when: string }) => one.when === "false")
      .map((one: { command: string }) => one.command);
    assert.deepEqual(hidden.filter((id: string) => !ofLinter(id)).sort(), [
      Command.openPlace,
      Command.showTask,
    ]);
    // What would only say that there is no trace.
    const ofTrace = contributes.menus.commandPalette
      .filter((one: { when: string }) => one.when === ContextKey.hasTrace)
      .map((one: { command: string }) => one.command);
    assert.deepEqual(ofTrace, [Command.saveTrace, Command.exportReport, Command.compare]);
  });

  it("has the launch configuration that the code runs", () => {
    const [{ type, configurationAttributes, configurationSnippets }] = contributes.debuggers;
    assert.equal(type, DEBUG_TYPE);
    const known = Object.keys(configurationAttributes.launch.properties);
    for (const { body } of configurationSnippets) {
      const used = Object.keys(body).filter((key) => !["name", "type", "request"].includes(key));
      assert.deepEqual([body.type, used.filter((key) => !known.includes(key))], [DEBUG_TYPE, []]);
    }
  });

  it("starts the extension with the first Python file, launch or panel of a reloaded window, and not before", () => {
    assert.deepEqual(activationEvents, [
      "onLanguage:python",
      `onWebviewPanel:${GRAPH_PANEL}`,
      `onDebugResolve:${DEBUG_TYPE}`,
    ]);
  });
});
