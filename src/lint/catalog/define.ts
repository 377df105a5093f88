import type { BlockingCall, Caller, Catalog, Offloader } from "./types";

/** What one subject adds to the catalogue. */
export type Part = Partial<Catalog>;

type Extra = Omit<BlockingCall, "name" | "rule">;

/** Blocking calls that share everything but their name: `names` are separated by spaces and follow `prefix`. */
export function blocking(rule: string, prefix: string, names: string, extra: Extra = {}): BlockingCall[] {
  return words(names).map((name) => ({ name: prefix + name, rule, ...extra }));
}

/** The same, where each call has an asynchronous twin of the same name behind `twin`. */
export function twins(rule: string, prefix: string, names: string, twin: string): BlockingCall[] {
  return words(names).map((name) => ({ name: prefix + name, rule, replacement: twin + name }));
}

export function offload(callable: Offloader["callable"], names: string, extra: { wraps?: boolean } = {}) {
  return words(names).map((name): Offloader => ({ name, callable, ...extra }));
}

export function callers(when: Caller["when"], callable: Caller["callable"], names: string): Caller[] {
  return words(names).map((name) => ({ name, callable, when }));
}

/** Names behind a prefix: `names("asyncio.Lock.", "acquire release")`. */
export function names(prefix: string, list: string): string[] {
  return words(list).map((name) => prefix + name);
}

/** The same value for every name. */
export function each<T>(prefix: string, list: string, value: T): Record<string, T> {
  return Object.fromEntries(names(prefix, list).map((name) => [name, value]));
}

/** The parts as one catalogue. */
export function merge(parts: readonly Part[]): Catalog {
  return {
    blocking: parts.flatMap((part) => part.blocking ?? []),
    offloaders: parts.flatMap((part) => part.offloaders ?? []),
    callers: parts.flatMap((part) => part.callers ?? []),
    consumers: parts.flatMap((part) => part.consumers ?? []),
    returns: Object.assign({}, ...parts.map((part) => part.returns)),
    bases: Object.assign({}, ...parts.map((part) => part.bases)),
    aliases: Object.assign({}, ...parts.map((part) => part.aliases)),
    coroutines: parts.flatMap((part) => part.coroutines ?? []),
    modules: parts.flatMap((part) => part.modules ?? []),
  };
}

function words(list: string): string[] {
  return list.trim().split(/\s+/);
}
