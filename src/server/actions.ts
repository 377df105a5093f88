/** Code actions: fixes, suppressing, settings, and who reaches a blocking call. */
import {
  type CodeAction,
  CodeActionKind,
  type CodeActionParams,
  CodeActionTriggerKind,
  type Command,
  type Diagnostic,
  type Position,
  type TextEdit,
  type WorkspaceEdit,
} from "vscode-languageserver/node";
import { combine, fixesFor, type OfferedFix } from "../lint/fixes/index";
import { suppressHere } from "../lint/fixes/suppression";
import { parser } from "../lint/parser/parser";
import type { Finding, TextChange } from "../lint/types";
import { toDiagnostic } from "./diagnostics";
import type { Places } from "./places";
import type { Project } from "./project";

export const FIX_ALL = `${CodeActionKind.SourceFixAll}.loopscope`;
/** Carried out by the client, which is the one that can show a list of places and write settings. */
export const SHOW_REACHERS = "loopscope.lint.showReachers";
export const ADD_SETTING = "loopscope.lint.addSetting";

interface Place {
  project: Project;
  places: Places;
  path: string;
  uri: string;
  /** Whether the client carries out our commands. */
  commands: boolean;
}

export function codeActions(place: Place, { context, range }: CodeActionParams): CodeAction[] {
  const wants = (kind: string) =>
    !context.only || context.only.some((only) => `${kind}.`.startsWith(`${only}.`));
  const { workspace } = place.project;
  const text = workspace.text(place.path);
  if (text === null) return [];
  const source = { text, tree: parser.parse(text) };
  const actions: CodeAction[] = [];
  const findings = place.project.findings(place.path);
  if (wants(CodeActionKind.QuickFix)) {
    for (const finding of findings) {
      const { uri, range: at } = place.places.locate(finding);
      if (uri !== place.uri || at.start.line > range.end.line || at.end.line < range.start.line) continue;
      const diagnostics = [toDiagnostic(finding, place.places, null)];
      const [best, ...others] = fixesFor(source, finding);
      if (best) actions.push(fixAction(place, best, diagnostics, best.safe));
      for (const fix of others) actions.push(fixAction(place, fix, diagnostics, false));
      const suppress = suppressHere(source, finding);
      if (suppress) actions.push(fixAction(place, suppress, diagnostics, false));
      if (place.commands) actions.push(...offloaderActions(place, finding, diagnostics));
    }
    if (place.commands) {
      const reachers = reachersAction(place, range.start);
      if (reachers) actions.push(reachers);
    }
  }
  // Only for who asks: it would put a light bulb on every call there is.
  const asked = context.triggerKind !== CodeActionTriggerKind.Automatic;
  if (place.commands && asked && wants(CodeActionKind.Refactor)) {
    const mark = blockingAction(place, range.start);
    if (mark) actions.push(mark);
  }
  if (wants(FIX_ALL)) {
    const safe = findings
      .flatMap((finding) => fixesFor(source, finding).slice(0, 1))
      .filter((fix) => fix.safe);
    const edits = combine(safe);
    // Offered only when asked for: in the light bulb it would stand beside every single fix.
    if (edits.length > 0 && context.only) {
      const title = `Fix all safe Loopscope findings`;
      actions.push({ title, kind: FIX_ALL, edit: workspaceEdit(place, edits) });
    }
  }
  return actions;
}

function fixAction(
  place: Place,
  fix: OfferedFix,
  diagnostics: Diagnostic[],
  isPreferred: boolean,
): CodeAction {
  return {
    title: fix.title,
    kind: CodeActionKind.QuickFix,
    diagnostics,
    ...(isPreferred && { isPreferred }),
    edit: workspaceEdit(place, fix.edits),
  };
}

/** The edits by the document the editor knows each place under. */
function workspaceEdit({ project, places, path }: Place, edits: readonly TextChange[]): WorkspaceEdit {
  const changes: Record<string, TextEdit[]> = {};
  for (const edit of edits) {
    const { uri, range } = places.locate(project.workspace.locationAt(path, edit.from, edit.to));
    changes[uri] ??= [];
    // In the order of the text: edits of one request all refer to the text before them.
    changes[uri].unshift({ range, newText: edit.text });
  }
  return { changes };
}

/** "This runs elsewhere", for a helper that does so in a way the linter cannot see. */
function offloaderActions(
  { project, path, uri }: Place,
  finding: Finding,
  diagnostics: Diagnostic[],
): CodeAction[] {
  if (finding.sink === null || finding.via.length === 0) return [];
  const name = project.workspace.calleeAt(path, finding.line, finding.column);
  if (name === null) return [];
  const title = `${name} runs its work in a thread`;
  const change = command("Change the settings", ADD_SETTING, { uri, setting: "offloaders", name });
  return [{ title, kind: CodeActionKind.QuickFix, diagnostics, command: change }];
}

/** "This blocks", for a call of which the linter does not know it. */
function blockingAction({ project, places, path, uri }: Place, position: Position): CodeAction | null {
  const { line, column } = places.position(path, uri, position);
  const { workspace } = project;
  const name = workspace.calleeAt(path, line, column);
  if (name === null || workspace.explain(path, line, column) !== null) return null;
  return {
    title: `${name} is known to block`,
    kind: CodeActionKind.Refactor,
    command: command("Change the settings", ADD_SETTING, { uri, setting: "blocking", name }),
  };
}

/** The async functions from which the loop reaches the call at a place. */
function reachersAction(place: Place, position: Position): CodeAction | null {
  const { line, column } = place.places.position(place.path, place.uri, position);
  const reachers = place.project.workspace.reachers(place.path, line, column);
  if (reachers.length === 0) return null;
  const locations = reachers.map((reacher) => place.places.locate(reacher.at));
  const count =
    reachers.length === 1 ? `async ${reachers[0].function}()` : `${reachers.length} async functions`;
  return {
    title: `Who reaches this blocking call: ${count}`,
    kind: CodeActionKind.QuickFix,
    command: command("Show them", SHOW_REACHERS, { uri: place.uri, position, locations }),
  };
}

function command(title: string, name: string, argument: unknown): Command {
  return { title, command: name, arguments: [argument] };
}
