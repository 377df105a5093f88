import type { BlockingCall } from "../catalog/types";
import type { Guard, ScopeRef } from "../read/ir";
import type { CallExpr } from "../resolve/calls";
import type { ProjectClass } from "../resolve/classes";
import type { Hierarchy } from "../resolve/hierarchy";
import type { Unit } from "../resolve/unit";

/** What a call leads to. */
export type Target =
  | { t: "sink"; call: BlockingCall }
  /** A function that runs, with what its parameters were given. */
  | {
      t: "function";
      node: FunctionNode;
      bind: Bind | null;
      awaited?: boolean;
      call?: CallSite;
      /** What it is called on, when it is a method of an object of the workspace. */
      on?: Receiver;
      /** What must be so for this to be what the call runs: the object is of a certain class. */
      dispatch?: MethodNeed;
      /** It runs in place of the method that the object's declared class has. */
      isOverride?: boolean;
    }
  /** Whatever a parameter was given. */
  | { t: "param"; key: string };

/** A call as it is written, in a function: what its arguments say of the callee's parameters. */
export interface CallSite {
  unit: Unit;
  scope: ScopeRef;
  expr: CallExpr;
  /** Leading parameters of the callee that are not among the arguments: `self`. */
  skip: number;
}

/** The object a method is called on. */
export interface Receiver {
  /** The method around the call whose own object it is, and the class that method stands in. */
  self: { node: FunctionNode; cls: ProjectClass } | null;
  classes: readonly { cls: ProjectClass; exact: boolean }[];
}

/** A parameter of a function must be so for something in it to happen. */
export type ParamNeed = Pick<Guard, "param" | "is">;

/** The object of a method must be of a class that has a certain function under a name. */
export interface MethodNeed {
  is: "method";
  name: string;
  node: FunctionNode;
  /** A class that has. */
  witness: ProjectClass;
  /** It is not what the method's own class has. */
  isOverride: boolean;
  hierarchy: Hierarchy;
}

export type Need = ParamNeed | MethodNeed;

export type Bind = ReadonlyMap<string, readonly Target[]>;

/** A place in a function that runs other code. Offsets are relative to the unit. */
export interface Site {
  at: number;
  end: number;
  /** "loop": on the spot; "queued": later, on the loop, whatever thread queued it; "thread": handed to another thread. */
  where: "loop" | "queued" | "thread";
  targets: readonly Target[];
  /** Whenever the function runs this does, but for exceptions: it is in no arm, nor below a return in one. */
  certain: boolean;
  needs: readonly Need[];
}

/** Why a function blocks: the shortest way to the worst call of a rule. */
export interface Reason {
  /** A rule, "thread:" and a rule, or "param:" and a parameter; and what it needs. */
  key: string;
  sink: BlockingCall | null;
  rank: number;
  /** All of the way is taken whenever the function is called. */
  certain: boolean;
  /** What the function's parameters must be. */
  needs: readonly Need[];
  /** Number of calls to the sink. */
  distance: number;
  site: Site;
  /** The function called at the site and its reason; null when the site is the sink (or the parameter) itself. */
  next: { node: FunctionNode; key: string } | null;
  /** What is called at the site is an override. */
  isOverride?: boolean;
  /** Where the way goes on when `next` ends at a parameter: what that was given. */
  after: { node: FunctionNode; key: string } | null;
}

const none: ReadonlyMap<string, Reason> = new Map();
const nobody: ReadonlySet<FunctionNode> = new Set();

/** A function of the workspace in the call graph. */
export class FunctionNode {
  sites: readonly Site[] = [];
  reasons: ReadonlyMap<string, Reason> = none;
  /** Made once there is one: half of all code is called by nobody known. */
  callers: ReadonlySet<FunctionNode> = nobody;
  callees: readonly FunctionNode[] = [];
  /** The loop calls it, though it is no coroutine function: a callback of a protocol. */
  isCallback = false;
  /** It looks which thread it is in, or hands over to the loop's: it knows what it does. */
  knowsThreads = false;
  /** False once its code is gone. */
  alive = true;

  constructor(
    readonly unit: Unit,
    readonly scope: ScopeRef,
  ) {}

  calledBy(caller: FunctionNode): void {
    if (this.callers === nobody) this.callers = new Set([caller]);
    else (this.callers as Set<FunctionNode>).add(caller);
  }

  notCalledBy(caller: FunctionNode): void {
    if (this.callers !== nobody) (this.callers as Set<FunctionNode>).delete(caller);
  }

  get isAsync(): boolean {
    return this.unit.ir.scopes[this.scope]?.isAsync ?? false;
  }

  get name(): string {
    return this.unit.ir.scopes[this.scope]?.name ?? "";
  }
}
