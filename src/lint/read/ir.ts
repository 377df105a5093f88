/**
 * What is read of a unit: its scopes, what they bind, the expressions in them and what happens in what order. It holds
 * no syntax nodes and no meanings, only names, so it is plain JSON, survives a restart, and stays right when other code
 * changes. Offsets are relative to the start of the unit, so that it stays right when the unit moves.
 */

/** Index into `UnitIR.exprs`. */
export type ExprRef = number;
/** Index into `UnitIR.scopes`. */
export type ScopeRef = number;
/** Index into `UnitIR.blocks`. */
export type BlockRef = number;

export interface UnitIR {
  exprs: Expr[];
  /** The first is the unit's own level: what it binds belongs to the module or class around it. */
  scopes: Scope[];
  blocks: Block[];
  events: Event[];
  /** It is nested deeper than is read. */
  isDeep?: boolean;
}

interface Range {
  at: number;
  end: number;
}

export type Expr = Range &
  (
    | { k: "name"; id: string; scope: ScopeRef; block: BlockRef }
    | { k: "attr"; of: ExprRef; name: string }
    | {
        k: "call";
        fn: ExprRef;
        args: readonly ExprRef[];
        kw: Readonly<Record<string, ExprRef>>;
        open: boolean;
      }
    | { k: "await"; of: ExprRef }
    | { k: "star"; of: ExprRef }
    | { k: "sub"; of: ExprRef; index: ExprRef | null; isSlice: boolean }
    | { k: "bin"; op: string; left: ExprRef; right: ExprRef }
    /** One of these: `a or b`, `a if c else b`. */
    | { k: "any"; of: ExprRef[] }
    | { k: "items"; type: "tuple" | "list" | "set"; of: ExprRef[] }
    | { k: "dict"; values: ExprRef[] }
    | { k: "comp"; type: "list" | "set" | "dict"; value: ExprRef }
    | { k: "function"; scope: ScopeRef }
    | { k: "generator"; scope: ScopeRef; value: ExprRef }
    /** A literal: `str`, `bytes`, `int`, `float`, `bool`, `None`. */
    | { k: "literal"; type: string; text: string }
    | { k: "other" }
  );

/**
 * `def`, `lambda` and `generator` (a generator expression) run when called or iterated; `comp` and `class` are scopes
 * of names only. `unit` is the unit's own level.
 */
export interface Scope extends Range {
  kind: "unit" | "def" | "lambda" | "generator" | "comp" | "class";
  name: string;
  parent: ScopeRef | null;
  /** The block of the parent scope it stands in. */
  block: BlockRef;
  isAsync: boolean;
  isGenerator: boolean;
  params: readonly Param[];
  decorators: readonly ExprRef[];
  /** The annotation after `->`. */
  returns: ExprRef | null;
  returned: readonly ExprRef[];
  /** What a generator yields. */
  yielded: readonly ExprRef[];
  /** Base classes, for a class; and its other keywords are not kept. */
  bases: readonly ExprRef[];
  binds: Record<string, Binding[]>;
  globals: readonly string[];
  nonlocals: readonly string[];
  /** What methods set on their first parameter: `self.x = …`. Kept on the method. */
  attributes: Readonly<Record<string, Binding[]>>;
  /** A `return` in an arm of an `if` or `match`: what stands below may not run. */
  returnsEarly?: boolean;
  /** Where the name of the function or class stands. */
  nameAt: number;
}

export interface Param {
  name: string;
  kind: "plain" | "positional" | "keyword" | "args" | "kwargs";
  annotation: ExprRef | null;
  default: ExprRef | null;
}

/** How a name comes by its value. `at` is where, `block` under which conditions. */
export type Binding = { at: number; block: BlockRef } & (
  | { b: "value"; value: ExprRef; annotation: ExprRef | null; path: number[] }
  | { b: "annotation"; annotation: ExprRef }
  | { b: "element"; of: ExprRef; path: number[] }
  | { b: "enter"; of: ExprRef; isAsync: boolean }
  | { b: "param"; index: number }
  | { b: "def"; scope: ScopeRef }
  | { b: "class"; scope: ScopeRef }
  /** `import a.b` binds `a` (as: null); `import a.b as c` binds the module; `from a import b` the name in it. */
  | { b: "import"; module: string; level: number; name: string | null; whole: boolean }
  | { b: "except"; type: ExprRef }
  /** In its block, `isinstance(name, type)` holds. */
  | { b: "narrow"; type: ExprRef }
  | { b: "unknown" }
);

/** A stretch of statements that run under the same conditions. Arms of one statement exclude one another. */
export interface Block {
  parent: BlockRef | null;
  /** Statement and arm, for `if` and `match`: two blocks of one statement and different arms never both run. */
  statement: number;
  arm: number;
  /** A `try` that handles BlockingIOError: what it calls is told not to block. */
  isNonBlocking?: boolean;
  /** What an `except` does. */
  isHandler?: boolean;
  /** Runs only where no loop is running: what follows `except RuntimeError` of `get_running_loop()`. */
  isOffLoop?: boolean;
  /** What is known of the function's parameters in it. */
  when?: Guard[];
}

/** Something that a condition says of a parameter: it is true or false as a condition is, or None, or anything but None. */
export interface Guard {
  scope: ScopeRef;
  /** Index of the parameter. */
  param: number;
  is: "true" | "false" | "none" | "given";
}

/** Whether a value is awaited; or "entered" or iterated asynchronously, when the call that made it need not be a coroutine's. */
export type Awaited = boolean | "entered";

/** Something that runs code that is not written there: in order of source. `scope` is the function it happens in. */
export type Event = Range & { scope: ScopeRef; block: BlockRef } & (
    | { e: "call"; call: ExprRef; awaited: Awaited }
    | { e: "get"; attr: ExprRef }
    | { e: "set"; of: ExprRef; name: string; method: "setter" | "deleter" }
    | { e: "index"; of: ExprRef; method: "__getitem__" | "__setitem__" | "__delitem__" }
    | { e: "iterate"; of: ExprRef }
    | { e: "enter"; of: ExprRef }
    | { e: "test"; of: ExprRef; method: "__contains__" | "__bool__" | "__str__" | "__repr__" }
    /** `a + b`, `a < b`, `-a` (right: null), `a += b`. */
    | { e: "operator"; op: string; left: ExprRef; right: ExprRef | null }
    | { e: "star"; module: string; level: number }
  );
