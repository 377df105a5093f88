import type { BlockingCall, Caller, Catalog, Consumer, Offloader } from "../catalog/types";

/** The catalogue, indexed by name. */
export class Knowledge {
  private readonly blocking = new Map<string, BlockingCall>();
  private readonly offloaders = new Map<string, Offloader>();
  private readonly callers = new Map<string, Caller>();
  private readonly consumers = new Map<string, Consumer>();
  private readonly coroutines: Set<string>;
  private readonly modules: Set<string>;
  private readonly canonicals = new Map<string, string>();
  /** By class and member. */
  private readonly memberNames = new Map<string, Map<string, string>>();
  /** Names something is known of, and the classes they are members of. */
  private readonly members = new Set<string>();
  private readonly classes = new Set<string>();
  /** Whether the user listed offloaders, which may be functions of the workspace. */
  readonly hasOwnOffloaders: boolean;

  constructor(
    private readonly catalog: Catalog,
    ownBlocking: readonly string[],
    ownOffloaders: readonly string[],
  ) {
    this.hasOwnOffloaders = ownOffloaders.length > 0;
    for (const call of catalog.blocking) this.blocking.set(call.name, call);
    for (const name of ownBlocking) this.blocking.set(name, { name, rule: "blocking-custom" });
    for (const offloader of catalog.offloaders) this.offloaders.set(offloader.name, offloader);
    for (const name of ownOffloaders)
      this.offloaders.set(name, { name, callable: [0, 1, "func", "fn"], wraps: true });
    for (const caller of catalog.callers) this.callers.set(caller.name, caller);
    for (const consumer of catalog.consumers) this.consumers.set(consumer.name, consumer);
    this.coroutines = new Set(catalog.coroutines);
    this.modules = new Set(catalog.modules);
    const all = [
      ...this.blocking.keys(),
      ...this.offloaders.keys(),
      ...this.callers.keys(),
      ...this.consumers.keys(),
      ...this.coroutines,
      ...Object.keys(catalog.returns),
    ];
    for (const name of all) this.learn(name);
    for (const [name, bases] of Object.entries(catalog.bases))
      for (const cls of [name, ...bases]) this.classes.add(cls);
  }

  private learn(name: string): void {
    this.members.add(name);
    const owner = name.slice(0, Math.max(0, name.lastIndexOf(".")));
    if (/^_*[A-Z]/.test(lastPart(owner))) this.classes.add(owner);
  }

  /** The name the catalogue uses. */
  canonical(name: string): string {
    let found = this.canonicals.get(name);
    if (found === undefined) {
      found = this.findCanonical(name);
      if (this.canonicals.size > 50_000) this.canonicals.clear();
      this.canonicals.set(name, found);
    }
    return found;
  }

  private findCanonical(name: string): string {
    let current = name;
    for (let turns = 0; turns < 4; turns++) {
      let next = current;
      for (let end = current.length; end > 0; end = current.lastIndexOf(".", end - 1)) {
        const alias = own(this.catalog.aliases, current.slice(0, end));
        if (alias !== undefined) {
          next = alias + current.slice(end);
          break;
        }
      }
      if (next === current) break;
      current = next;
    }
    return current;
  }

  isModule(name: string): boolean {
    return this.modules.has(name);
  }

  isClass(name: string): boolean {
    return this.classes.has(name) || (looksLikeClass(name) && this.returns(name) === undefined);
  }

  /** Known bases first, the class itself included. */
  ancestors(type: string): string[] {
    const found = [type];
    for (let i = 0; i < found.length && found.length < 50; i++)
      for (const base of own(this.catalog.bases, found[i]) ?? []) if (!found.includes(base)) found.push(base);
    return found;
  }

  /** The name under which a member of a class is known: its own or inherited. */
  member(type: string, name: string): string {
    let names = this.memberNames.get(type);
    if (!names) {
      if (this.memberNames.size > 5_000) this.memberNames.clear();
      names = new Map();
      this.memberNames.set(type, names);
    }
    let found = names.get(name);
    if (found === undefined) {
      const owner = this.ancestors(type).find((cls) => this.members.has(`${cls}.${name}`));
      found = `${owner ?? type}.${name}`;
      names.set(name, found);
      const any = owner === undefined ? this.blocking.get(`${type}.*`) : undefined;
      if (any) this.blocking.set(found, { ...any, name: found });
    }
    return found;
  }

  returns(name: string): string | undefined {
    return own(this.catalog.returns, name);
  }

  blockingCall(name: string): BlockingCall | undefined {
    return this.blocking.get(name);
  }

  offloader(name: string): Offloader | undefined {
    return this.offloaders.get(name);
  }

  caller(name: string): Caller | undefined {
    return this.callers.get(name);
  }

  consumer(name: string): Consumer | undefined {
    return this.consumers.get(name);
  }

  isCoroutine(name: string): boolean {
    return this.coroutines.has(name);
  }

  isKnown(name: string): boolean {
    return this.members.has(name) || this.classes.has(name);
  }
}

/** By convention: a constant is all capitals. */
function looksLikeClass(name: string): boolean {
  const last = lastPart(name);
  return /^_*[A-Z]/.test(last) && /[a-z]/.test(last);
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
