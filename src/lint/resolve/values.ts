import type { ScopeRef } from "../read/ir";
import type { ProjectClass } from "./classes";
import type { Unit } from "./unit";

/** What an expression may evaluate to. Unknown is no value at all: an empty list. */
export type Value =
  /** A function, class, module or constant outside of the workspace, by canonical name. */
  | { v: "external"; name: string }
  /** A module or package of the workspace; `external` names of modules are just external. */
  | { v: "module"; path: string | null; dir: string; name: string }
  | FunctionValue
  /** A property (or cached property), seen on the class: reading it on an object calls the function. */
  | { v: "property"; unit: Unit; scope: ScopeRef }
  /** What `@name.setter` or `@name.deleter` adds to the property of the name. */
  | { v: "accessor"; kind: "setter" | "deleter"; unit: Unit; scope: ScopeRef }
  | { v: "class"; cls: ProjectClass }
  /** `exact`: it was made by calling the class, so it is of no class that inherits from it. */
  | { v: "instance"; cls: ProjectClass | null; type: string; args: Value[][]; exact?: true }
  /** An attribute of an object from outside: a method or a value, which only its use tells. */
  | { v: "member"; name: string; self: Value }
  | { v: "coroutine"; result: () => Value[]; of: string }
  /** The iterator a generator function or expression makes; its body runs when iterated. */
  | { v: "generator"; unit: Unit; scope: ScopeRef; env: Env | null; isAsync: boolean; skip: number }
  /** What a call of an `@contextmanager` function gives: its body runs when entered. */
  | { v: "manager"; unit: Unit; scope: ScopeRef; env: Env | null; isAsync: boolean; skip: number }
  /** An iterator from outside whose iteration blocks (`Path.glob`), runs a function (`map`) or iterates others (`zip`). */
  | { v: "lazy"; sink: string | null; runs: Value[]; over: Value[]; element: () => Value[] }
  | { v: "partial"; of: Value; skip: number; given: Value[][] }
  /** A callable that runs what it wraps somewhere else. */
  | { v: "offloaded" }
  /** The argument a function was called with, known only to its callers. */
  | { v: "param"; key: string }
  | { v: "super"; cls: ProjectClass };

/** A function of the workspace. */
export interface FunctionValue {
  v: "function";
  unit: Unit;
  scope: ScopeRef;
  /** Leading parameters that are given already: 1 for a method of an object. */
  skip: number;
  /** What its free parameters (of the functions around it) are. */
  env: Env | null;
  kind: "plain" | "class" | "static";
  /** Decorated with `contextmanager` or `asynccontextmanager`. */
  manager: "sync" | "async" | null;
}

/** Arguments by parameter key. */
export type Env = ReadonlyMap<string, Value[]>;

export function paramKey(unit: Unit, scope: ScopeRef, index: number): string {
  return `${unit.id}:${scope}:${index}`;
}

export function instanceOf(type: string, args: Value[][] = []): Value {
  return { v: "instance", cls: null, type, args };
}

/** Whether calling the value may run code that matters: what is worth binding to a parameter. */
export function isCallable(value: Value): boolean {
  return (
    value.v === "function" ||
    value.v === "external" ||
    value.v === "member" ||
    value.v === "partial" ||
    value.v === "param" ||
    value.v === "class"
  );
}

/** Replaces parameters by what they were given; those not in `env` stay. */
export function substitute(values: Value[], env: Env | null): Value[] {
  if (!env || env.size === 0) return values;
  return values.flatMap((value): Value[] => {
    if (value.v === "param") return env.get(value.key) ?? [value];
    if (value.v === "function" || value.v === "generator" || value.v === "manager")
      return [{ ...value, env: joinEnv(env, value.env) }];
    return [value];
  });
}

export function joinEnv(outer: Env | null, inner: Env | null): Env | null {
  if (!outer || outer.size === 0) return inner;
  if (!inner || inner.size === 0) return outer;
  return new Map([...outer, ...inner]);
}
