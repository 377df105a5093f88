/** What the linter knows of awaits in a row, for the finding `sequential-awaits` of a run: one analysis for both. */
import type { SyntaxNode } from "@lezer/common";
import type { Sequences } from "../protocol/sequences";
import { catalog } from "./catalog/index";
import { awaitRuns, isChain, lastName } from "./rules-correctness/awaitRuns";
import { LineIndex } from "./source/lines";
import type { FileContext, Rule } from "./types";
import { Workspace } from "./workspace";

/** Functions that wait for time, or for something that must happen first: their order is their purpose. */
const ORDERED =
  /^(sleep|wait|wait_for|acquire|join|put|drain|connect|close|wait_closed|start|stop|gather|shield|send|recv|receive|read|readline|readexactly|readuntil|write|flush|commit|rollback|begin|execute|aclose|__\w+__)$/;
/** Functions that change, as their names say, what comes next may need: tables are made before rows. */
const CHANGING =
  /^_*(create|insert|update|upsert|delete|remove|drop|truncate|clear|reset|generate|init|initialize|initialise|setup|configure|prepare|register|unregister|migrate|upgrade|login|logout|authenticate|subscribe|unsubscribe|connect|disconnect|open|start|stop|shutdown)(_|$)/;
/** Longer arguments of a call are not shown. */
const MAX_ARGUMENTS = 24;

/**
 * Rows of at least two statements in a Python file that could have run together, as far as the source tells. More calls
 * count than in the editor: that they took their time is known, so they need not be called "fetch".
 */
export function sequences(path: string, text: string): Sequences {
  const found: Sequences = [];
  const index = new LineIndex(text);
  const lineAt = (offset: number) => index.lineOf(offset) + 1;
  const rule: Rule = {
    id: "sequential-awaits",
    equivalents: [],
    severity: "info",
    defaultOn: true,
    asyncOnly: true,
    summary: "",
    check(context) {
      const runs = awaitRuns(
        context,
        ({ callee }) => isChain(callee) && !isOrdered(lastName(context, callee)),
      );
      for (const run of runs) {
        found.push(
          run.map(({ statement, call, callee }) => ({
            from: lineAt(statement.from),
            to: lineAt(statement.to - 1),
            call: shortened(context, callee, call),
          })),
        );
      }
    },
  };
  const workspace = new Workspace(
    {
      catalog,
      rules: [rule],
      workspaceRules: [],
      select: null,
      extendSelect: [],
      ignore: [],
      severities: {},
      blocking: [],
      offloaders: [],
      roots: [],
      help: () => "",
    },
    [],
  );
  workspace.setFile(path, text);
  workspace.findings(path);
  return found.sort((a, b) => a[0].from - b[0].from);
}

function isOrdered(name: string): boolean {
  return ORDERED.test(name) || CHANGING.test(name);
}

function shortened(context: FileContext, callee: SyntaxNode, call: SyntaxNode): string {
  const name = context.slice(callee);
  const rest = context
    .slice({ from: callee.to, to: call.to })
    .trim()
    .replace(/^\(\s*|\s*,?\s*\)$/g, "");
  return `${name}(${rest.length > MAX_ARGUMENTS || rest.includes("\n") ? "…" : rest})`;
}
