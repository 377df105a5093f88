import type { SyntaxNode } from "@lezer/common";
import type { Fact, FileContext, PlacedFact, WorkspaceRule } from "../types";
import { awaited, functionOf, isAsync, withItems } from "./tree";

const LOCKS = ["asyncio.Lock", "asyncio.Semaphore", "asyncio.Condition", "anyio.Lock", "trio.Lock"];

/**
 * What a unit adds: `function` takes `lock` while it holds `held`, or awaits `callee` while it holds them. Taking a lock
 * with nothing held counts too: it is what a caller that holds one waits for.
 */
interface LockFact {
  owner: string;
  held: string[];
  lock: string | null;
  callee: string | null;
}

/** `second` is waited for while `first` is held. */
interface Order {
  first: string;
  second: string;
  at: PlacedFact;
}

export const awaitInLockOrder: WorkspaceRule = {
  id: "await-in-lock-order",
  equivalents: [],
  severity: "warning",
  defaultOn: true,
  asyncOnly: true,
  summary: "two locks taken in opposite orders in two places: both may wait for each other for ever",
  facts(context) {
    const facts: Fact[] = [];
    const definition = functionOf(context.root);
    if (definition && /\basync\s+with\b/.test(context.slice(definition))) {
      for (const node of context.nodes("FunctionDefinition")) {
        const body = node.getChild("Body");
        const owner = body?.firstChild ? context.functionAt(body.firstChild) : null;
        if (body && owner?.isAsync) collect(context, body, owner.id, [], facts);
      }
    }
    return facts;
  },
  conclude(facts, report) {
    for (const [one, other] of opposites(orders(facts))) {
      report(one.at, {
        message: `takes ${lastPart(one.second)} while holding ${lastPart(one.first)}; ${
          other.at.function ?? "other code"
        } takes them the other way round: when both run, each may wait for the other for ever`,
        related: [
          { at: other.at, message: `takes ${lastPart(other.second)} while holding ${lastPart(other.first)}` },
        ],
      });
    }
  },
};

/** Walks a body knowing which locks are held in it. */
function collect(
  context: FileContext,
  node: SyntaxNode,
  owner: string,
  held: readonly string[],
  facts: Fact[],
): void {
  const add = (at: SyntaxNode, lock: string | null, callee: string | null, holding: readonly string[]) => {
    const data: LockFact = { owner, held: [...holding], lock, callee };
    const start = context.root.from;
    facts.push({ from: at.from - start, to: at.to - start, function: lastPart(owner), data });
  };
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (/^(FunctionDefinition|LambdaExpression|ClassDefinition)$/.test(child.name)) continue;
    if (child.name === "WithStatement" && isAsync(child)) {
      const inside = [...held];
      for (const { context: expression } of withItems(child)) {
        const lock = lockName(context, expression);
        if (lock !== null) {
          add(expression, lock, null, inside);
          inside.push(lock);
        }
      }
      const body = child.getChild("Body");
      if (body) collect(context, body, owner, inside, facts);
      continue;
    }
    const call = held.length > 0 ? awaited(child) : null;
    if (call?.name === "CallExpression") {
      const callee = context.call(call).callee;
      const meanings = callee ? context.resolve(callee) : [];
      const functions = meanings.flatMap((meaning) => (meaning.kind === "function" ? [meaning.info.id] : []));
      if (functions.length === 1) add(call, null, functions[0], held);
    }
    collect(context, child, owner, held, facts);
  }
}

/** A name for the lock that is the same wherever it is taken: a global's, or the class's whose attribute it is. */
function lockName(context: FileContext, expression: SyntaxNode): string | null {
  const isLock = context
    .typeOf(expression)
    .some((type) => LOCKS.some((lock) => context.isSubclass(type, lock)));
  if (!isLock) return null;
  if (expression.name === "VariableName") {
    const name = context.slice(expression);
    return bindsLocally(context, expression, name) ? null : globalName(context, name);
  }
  const object = expression.firstChild;
  const attribute = expression.getChild("PropertyName");
  if (expression.name !== "MemberExpression" || !object || !attribute) return null;
  const module = context.resolve(object).find((meaning) => meaning.kind === "module");
  if (module) return `${module.name}.${context.slice(attribute)}`;
  const owners = context.typeOf(object);
  return owners.length === 1 ? `${owners[0]}.${context.slice(attribute)}` : null;
}

/** The qualified name of a global of this module, or of the one it was imported from. */
function globalName(context: FileContext, name: string): string {
  const module = moduleName(context);
  for (const node of context.tree.topNode.getChildren("ImportStatement")) {
    const match = /^(?:lazy\s+)?from\s+(\.*)([\w.]*)\s+import\s+\(?([^)]*)/.exec(context.slice(node));
    for (const item of match?.[3].split(",") ?? []) {
      const [original, alias] = item.trim().split(/\s+as\s+/);
      if (!match || (alias ?? original) !== name) continue;
      // `from . import x` in "app.db" is "app.x"; one more dot, one level up.
      const base = match[1] ? module.split(".").slice(0, -match[1].length) : [];
      return [...base, match[2], original].filter(Boolean).join(".");
    }
  }
  return `${module}.${name}`;
}

/** The module's own name: what a function of it is called, less the function. */
function moduleName(context: FileContext): string {
  const body = functionOf(context.root)?.getChild("Body")?.firstChild;
  const info = body ? context.functionAt(body) : null;
  return info ? info.id.slice(0, -info.qualname.length - 1) : context.path;
}

function bindsLocally(context: FileContext, expression: SyntaxNode, name: string): boolean {
  const parameters = context.functionAt(expression)?.parameters ?? [];
  if (parameters.includes(name)) return true;
  return context.uses(name, expression).some((node) => {
    const next = node.nextSibling?.name;
    return (next === "AssignOp" && node.parent?.name !== "ArgList") || node.prevSibling?.name === "as";
  });
}

/** Every pair of locks of which one is waited for while the other is held, in a function or one it awaits. */
function orders(facts: readonly PlacedFact[]): Order[] {
  const takes = new Map<string, Set<string>>();
  for (const { data } of facts) {
    const { owner, lock } = data as LockFact;
    if (lock === null) continue;
    const taken = takes.get(owner);
    if (taken) taken.add(lock);
    else takes.set(owner, new Set([lock]));
  }
  const found: Order[] = [];
  for (const at of facts) {
    const { held, lock, callee } = at.data as LockFact;
    const wanted = lock !== null ? [lock] : [...(takes.get(callee ?? "") ?? [])];
    for (const first of held)
      for (const second of wanted) if (first !== second) found.push({ first, second, at });
  }
  return found;
}

/** Each order once, with the first found of the opposite order. */
function opposites(all: readonly Order[]): [Order, Order][] {
  const byPair = new Map<string, Order>();
  for (const order of all) {
    const key = `${order.first}\n${order.second}`;
    if (!byPair.has(key)) byPair.set(key, order);
  }
  return all.flatMap((order): [Order, Order][] => {
    const other = byPair.get(`${order.second}\n${order.first}`);
    return other ? [[order, other]] : [];
  });
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
