import type { FunctionNode } from "../graph/node";
import type { ScopeRef, UnitIR } from "../read/ir";
import { Cell } from "./cell";
import { ProjectClass } from "./classes";
import type { Container } from "./container";
import { getOrMake } from "./maps";
import type { Value } from "./values";

let nextId = 1;
let nextExpr = 0;

/** A unit in its place in the workspace: what was read of it, where it stands, and what was concluded from it. */
export class Unit {
  readonly id = nextId++;
  /** The functions in it by scope; other scopes have none. */
  readonly functions = new Map<ScopeRef, FunctionNode>();
  /** The classes in it by scope; most units have none. */
  private classes: Map<ScopeRef, ProjectClass> | null = null;
  private yields: Map<ScopeRef, Cell<Value[]>> | null = null;
  private returns: Map<ScopeRef, Cell<Value[]>> | null = null;
  private code!: UnitIR;
  private async: boolean | null = null;
  /** Number of its first expression among all there ever were: small numbers make fast keys. */
  firstExpr = 0;
  /** What the workspace concluded of its code; stale when something it was concluded from changed. */
  readonly resolution: Cell<true>;

  /** How many classes are around it. */
  readonly level: number;
  /** The scope of the class body that follows this header. */
  inner: Container | null = null;
  hasGlobals = false;
  /** What others see of it, once somebody edits it (`shapeOf`). */
  shape: string | null = null;
  readonly hasNonlocals: boolean;

  constructor(
    readonly container: Container,
    /** Type of its syntax node. */
    readonly type: string,
    /** It is the first line of a class whose body is cut into units. */
    readonly header: boolean,
    ir: UnitIR,
    /** Absolute offsets. */
    public from: number,
    public to: number,
    stale: { resolution: (unit: Unit) => void },
  ) {
    this.level = container.level;
    this.ir = ir;
    this.hasNonlocals = ir.scopes.some((scope) => scope.nonlocals.length > 0);
    this.resolution = new Cell<true>(() => stale.resolution(this));
  }

  get ir(): UnitIR {
    return this.code;
  }

  set ir(ir: UnitIR) {
    this.code = ir;
    this.shape = null;
    this.async = null;
    this.firstExpr = nextExpr;
    nextExpr += ir.exprs.length;
  }

  /** There is an `async def` in it, or (in a notebook) an `await` at its own level. */
  get hasAsync(): boolean {
    this.async ??=
      this.ir.scopes.some((scope) => scope.isAsync) || this.ir.exprs.some((expr) => expr.k === "await");
    return this.async;
  }

  get path(): string {
    return this.container.path;
  }

  /** What iterating the generator gives. */
  yieldCell(scope: ScopeRef): Cell<Value[]> {
    this.yields ??= new Map();
    return getOrMake(this.yields, scope, () => new Cell());
  }

  /** What calling the function gives. */
  returnCell(scope: ScopeRef): Cell<Value[]> {
    this.returns ??= new Map();
    return getOrMake(this.returns, scope, () => new Cell());
  }

  classAt(scope: ScopeRef): ProjectClass {
    this.classes ??= new Map();
    return getOrMake(this.classes, scope, () => new ProjectClass(this, scope, null));
  }

  /** Of a header: the class whose body follows. */
  get headed(): ProjectClass | null {
    return this.classes?.get(1) ?? null;
  }

  setHeaded(cls: ProjectClass): void {
    this.classes = new Map([[1, cls]]);
  }

  /** What it is called in its container, or "". */
  get name(): string {
    return nameOf(this.ir);
  }
}

export function nameOf(ir: UnitIR): string {
  const first = ir.scopes[1];
  return first && first.parent === 0 && (first.kind === "def" || first.kind === "class") ? first.name : "";
}
