/**
 * The linter's interfaces. The engine (`Workspace`) knows files as texts by path and nothing of a disk or an editor.
 *
 * A file is cut into **units**: every statement of the module's body is one, and so is every statement of the body of a
 * class that stands there (so a unit is a function, a method, an import, an assignment, an `if` block...). An edit
 * re-reads only the units it touches. Rules are run once per unit and their findings kept until the unit, or something
 * the rule asked about while it ran (`resolve`, `typeOf`), changes.
 */
import type { SyntaxNode, Tree } from "@lezer/common";
import type { LintFinding } from "../protocol/lintReport";
import type { Catalog } from "./catalog/types";

export type Severity = LintFinding["severity"];

/** A change of a text: UTF-16 offsets into the text before it. Several in a list are applied one after another. */
export interface TextChange {
  from: number;
  to: number;
  text: string;
}

/** A place in a file: 1-based line and 1-based UTF-16 column. */
export interface Location {
  file: string;
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
}

/** The contract's finding, with what fixes and the editor need on top. Raw: suppressions are applied by the caller. */
export interface Finding extends LintFinding {
  /** UTF-16 offsets of the range in the file's text. */
  from: number;
  to: number;
  /** The blocking call at the end of the chain, such as "time.sleep"; null for rules that are not about one. */
  sink: string | null;
  /** What to use instead of `sink`, qualified ("asyncio.sleep"), when the catalogue knows. */
  replacement: string | null;
  /** `via` with columns, call by call, for related information one can click through: same order and length as `via`. */
  steps: Location[];
  /** What else blocks behind the same call and was not reported on its own: rules, most severe first. */
  also: string[];
  /** Other places worth showing (the other lock order, the first task...). */
  related: RelatedPlace[];
}

export interface RelatedPlace extends Location {
  message: string;
}

/** A rule on one unit of code. Keep no state between calls: findings are cached per unit. */
export interface Rule {
  id: string;
  /** The same rule elsewhere: "RUF006", "ASYNC110". */
  equivalents: readonly string[];
  severity: Severity;
  defaultOn: boolean;
  /** One line for `loopscope rules`. */
  summary: string;
  /** Only code with an `async def` (or an `await` of a notebook) in it can break the rule: other units are not checked. */
  asyncOnly?: boolean;
  check(context: FileContext): void;
}

/** A rule that compares places all over the workspace, such as two locks taken in opposite orders. */
export interface WorkspaceRule {
  id: string;
  equivalents: readonly string[];
  severity: Severity;
  defaultOn: boolean;
  summary: string;
  asyncOnly?: boolean;
  /** What this unit adds, as plain JSON data; positions as offsets from `context.root.from`, which the engine keeps right. */
  facts(context: FileContext): readonly Fact[];
  /** Called with all facts of the workspace whenever some changed. */
  conclude(facts: readonly PlacedFact[], report: (at: PlacedFact, finding: WorkspaceReport) => void): void;
}

export interface Fact {
  /** Offsets relative to the unit's root. */
  from: number;
  to: number;
  function: string | null;
  data: unknown;
}

export interface PlacedFact extends Fact {
  location: Location;
}

export interface WorkspaceReport {
  message: string;
  related?: { at: PlacedFact; message: string }[];
}

/** Qualified names: a set of them, or what is known of each. */
export interface Names {
  has(name: string): boolean;
  keys(): Iterable<string>;
}

/** What a rule sees: one unit of a file, and the means to ask what its names mean. */
export interface FileContext {
  readonly path: string;
  /** The text of the whole file; node offsets index it. */
  readonly text: string;
  readonly tree: Tree;
  /** Where the unit stands in the text. */
  readonly from: number;
  readonly to: number;
  /** There is async code in the unit. */
  readonly isAsync: boolean;
  /** It is of a notebook, whose cells run on a loop and may await. */
  readonly isNotebook: boolean;
  /** The unit to check. (A decorated function's unit is its DecoratedStatement.) */
  readonly root: SyntaxNode;
  /**
   * The nodes of these types in the unit, in source order; nested functions and lambdas are included, nested units (the
   * methods of a top-level class) are not. Indexed once per unit and shared by all rules: cheap.
   */
  nodes(...types: string[]): readonly SyntaxNode[];
  slice(node: { from: number; to: number }): string;
  /** The innermost function or lambda whose **body** holds the node (defaults and decorators belong to the outside); null in module or class code. */
  functionAt(node: SyntaxNode): FunctionInfo | null;
  /** The qualified name of the class around the unit or the node (`app.models.User`), or null. */
  classAt(node: SyntaxNode): string | null;
  /** The nearest enclosing node of these types inside the unit, not looking beyond the function around the node. */
  enclosing(node: SyntaxNode, ...types: string[]): SyntaxNode | null;
  /** The statement that holds the node. */
  statement(node: SyntaxNode): SyntaxNode;
  /** Whether the expression is the operand of `await` (parentheses do not count). */
  isAwaited(node: SyntaxNode): boolean;
  /** The calls in the unit whose callee is one of these by its qualified name. Cheap where there is none. */
  callsOf(names: Names): readonly SyntaxNode[];
  /** The calls in the unit whose callee may be a coroutine function ("coroutine") or an async generator function. */
  callsMaking(what: "coroutine" | "async generator"): readonly SyntaxNode[];
  /**
   * Calls of plain methods that a coroutine function overrides, for objects that get there, with that one's qualified name
   * in its module.
   */
  callsOfAsyncOverrides(): readonly { call: SyntaxNode; override: string }[];
  /** The callee, and the arguments, of a CallExpression. */
  call(node: SyntaxNode): CallParts;
  /** Everything the expression may be; empty when unknown. The first is the likeliest. */
  resolve(node: SyntaxNode): readonly Meaning[];
  /** The qualified name of the function, class or module the expression names ("asyncio.create_task", "app.db.save"), or null. */
  nameOf(node: SyntaxNode): string | null;
  /** Qualified names of the classes the expression's value may be an instance of ("asyncio.Lock"); empty when unknown. */
  typeOf(node: SyntaxNode): readonly string[];
  /** Whether an instance of one of the classes is, or inherits, the given class. */
  isSubclass(className: string, base: string): boolean;
  /** Whether anything in the function (or module) around the node binds or reads the name, the node itself aside. */
  uses(name: string, around: SyntaxNode): readonly SyntaxNode[];
  report(finding: RuleReport): void;
}

export interface CallParts {
  callee: SyntaxNode | null;
  positional: readonly SyntaxNode[];
  keywords: ReadonlyMap<string, SyntaxNode>;
  /** It has `*args` or `**kwargs`, so the above may be incomplete. */
  open: boolean;
}

/** What an expression means. */
export type Meaning =
  | { kind: "external"; name: string; isCoroutineFunction: boolean }
  | { kind: "module"; name: string; path: string | null }
  | { kind: "function"; name: string; info: FunctionInfo }
  | { kind: "class"; name: string; isProject: boolean }
  | { kind: "instance"; type: string; isProject: boolean }
  /** The unawaited result of calling a coroutine function; `of` names the function, `task` when it is already scheduled. */
  | { kind: "coroutine"; of: string }
  | { kind: "generator"; of: string; isAsync: boolean };

export interface FunctionInfo {
  /** Last part of the name; "<lambda>" for a lambda. */
  name: string;
  /** "Session.get", "outer.<locals>.inner" becomes "outer.inner". */
  qualname: string;
  /** With the module: "app.db.Session.get". */
  id: string;
  path: string;
  isAsync: boolean;
  /** It contains `yield` of its own. */
  isGenerator: boolean;
  isLambda: boolean;
  /** The class whose body it stands in, qualified. */
  className: string | null;
  /** Decorators as qualified names where they resolve ("contextlib.contextmanager"), else as written ("app.get"). */
  decorators: readonly string[];
  parameters: readonly string[];
  /** Where the definition stands: offsets in its file. */
  from: number;
  to: number;
}

export interface RuleReport {
  at: { from: number; to: number };
  message: string;
  severity?: Severity;
  /** Edits by offset; they must re-parse and clear the finding. */
  fix?: { title: string; edits: TextChange[] };
  related?: { at: { from: number; to: number }; message: string }[];
  /** A name for fixes to work with, such as the call's. */
  sink?: string;
  replacement?: string;
}

export interface WorkspaceOptions {
  catalog: Catalog;
  rules: readonly Rule[];
  workspaceRules: readonly WorkspaceRule[];
  /** Rules to run, by id or equivalent or prefix ("ASYNC2"); null for those that are on by default. */
  select: readonly string[] | null;
  /** On top of `select` or the defaults. */
  extendSelect: readonly string[];
  ignore: readonly string[];
  severities: Readonly<Record<string, Severity>>;
  /** The user's own blocking calls (rule `blocking-custom`): qualified names. */
  blocking: readonly string[];
  /** The user's own offloaders: qualified names; their first callable argument runs elsewhere; also usable as decorators. */
  offloaders: readonly string[];
  /** Folders that module names start from, absolute, longest match wins: "/repo/src", "/repo". */
  roots: readonly string[];
  /** Where a rule's page is. */
  help: (rule: string) => string;
}

/** An async function from which the loop reaches a blocking call. */
export interface Reacher {
  function: string;
  /** The call in the async function. */
  at: Location;
  /** The helper chain from there to the blocking call, call by call, as in a finding's `via`. */
  via: { file: string; line: number; function: string }[];
  steps: Location[];
}

/** Why a call blocks and how it gets there, for a hover. */
export interface Explanation {
  at: Location;
  rule: string;
  /** "time.sleep" */
  sink: string;
  replacement: string | null;
  message: string;
  via: { file: string; line: number; function: string }[];
  steps: Location[];
}

/** The linter over a set of files. `createWorkspace` in `src/lint/index.ts` makes one with the product's rules and catalogue. */
export interface LintWorkspace {
  /** Adds a file, or replaces its text; a list of changes edits the text it has (throws when it has none). */
  setFile(path: string, text: string | readonly TextChange[]): void;
  /** A file nothing is asked about: it is read when code of the others leads there. */
  offer(path: string, text: string): void;
  removeFile(path: string): void;
  /**
   * Reads a file with syntax errors as if it had just been opened; true when that changes something. What the parser
   * makes of broken code depends on the edits that led there: call it when the typing pauses.
   */
  refresh(path: string): boolean;
  has(path: string): boolean;
  paths(): string[];
  text(path: string): string | null;
  /** In order of place. Unsuppressed and suppressed alike: apply `# noqa` and `# loopscope: ignore` to what comes out. */
  findings(path: string): Finding[];
  /**
   * The same, looking only at what the file's code gets to: does not wait for the rest of a workspace that has just been
   * read. What compares places all over the workspace may be missing until that is done.
   */
  findingsSoon(path: string): Finding[];
  allFindings(): Finding[];
  /** Files whose findings may have changed since the last call of `findings` or `affected` for them, through the call graph; the edited ones included. */
  affected(): string[];
  /** The async functions from which the loop reaches the blocking call at this place (or any call in the function there). */
  reachers(path: string, line: number, column: number): Reacher[];
  /** Why the call at this place blocks, or null. Works in sync helpers too, where there is no finding. */
  explain(path: string, line: number, column: number): Explanation | null;
  /** The qualified name of what the innermost call around this place calls ("app.db.save", "requests.Session.get"), or null. */
  calleeAt(path: string, line: number, column: number): string | null;
  /** 1-based line and UTF-16 column to an offset, clamped to the text; and back. */
  offsetAt(path: string, line: number, column: number): number;
  locationAt(path: string, from: number, to: number): Location;
  /** New options; everything is judged again, nothing is read again. */
  configure(options: Partial<WorkspaceOptions>): void;
  /** What was read of a file, as one line of text to keep under `hash`, so that a restart need not read it again; null if not there. */
  serialize(path: string): { hash: string; data: string } | null;
  /** Adds a file with what `serialize` gave for the same text; false (and nothing done) if it does not fit the text or this version. */
  restore(path: string, text: string, data: string): boolean;
  /** All findings, as one line to keep. */
  snapshot(): string;
  /**
   * Takes the findings of a snapshot for true until something changes, if it was made of the same files, texts and
   * options; false (and nothing done) if not. The caller sees to it that it comes from the same build of the linter.
   */
  recall(snapshot: string): boolean;
  /** Does for so long what the next questions about the whole workspace would have to wait for; true when nothing is left. */
  prepare(milliseconds: number): boolean;
}
