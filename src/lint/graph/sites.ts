import type { ArgumentRef, BlockingCall } from "../catalog/types";
import type { Awaited, Event, Expr, ExprRef, ScopeRef } from "../read/ir";
import { nonBlocking } from "../read/targets";
import type { CallExpr } from "../resolve/calls";
import type { Evaluator } from "../resolve/evaluate";
import { isNotebook } from "../resolve/modules";
import type { Unit } from "../resolve/unit";
import type { Value } from "../resolve/values";
import { Dispatch, unlessOverridden } from "./dispatch";
import { asked, askedByBuiltins, operatorMethods, reflectedMethods } from "./implicit";
import { needsOf } from "./needs";
import type { Site, Target } from "./node";
import type { Targets } from "./targets";

/** The places in a unit's functions that run other code, by function. */
export function sitesOf(unit: Unit, e: Evaluator, targets: Targets): Map<ScopeRef, Site[]> {
  const found = new Map<ScopeRef, Site[]>();
  for (const node of unit.functions.values()) {
    node.knowsThreads = false;
    node.isCallback = isProtocolCallback(unit, unit.ir.scopes[node.scope]?.name ?? "", e);
  }
  const finder = new SiteFinder(unit, e, targets);
  const isOnLoop = runsCells(unit);
  for (const event of unit.ir.events) {
    const { kind } = unit.ir.scopes[event.scope];
    const sites = finder.find(event);
    // Module and class code is not on the loop; but what it hands to a thread counts there too.
    const kept =
      kind === "class" || (kind === "unit" && !isOnLoop) || isOffLoop(unit, event)
        ? sites.filter((site) => site.where === "thread" || (site.where === "queued" && kind === "unit"))
        : sites;
    if (kept.length === 0) continue;
    const list = found.get(event.scope);
    if (list) list.push(...kept);
    else found.set(event.scope, kept);
  }
  return found;
}

/** Whether what stands at the unit's own level runs on a loop, which starts no other: in a notebook without nest_asyncio. */
function runsCells({ container }: Unit): boolean {
  return (
    container.outer === null && isNotebook(container.path) && container.bindings("nest_asyncio").length === 0
  );
}

/** What the transport calls on a protocol, all of it on the loop. */
const protocolCallbacks = new Set(
  `connection_made connection_lost data_received eof_received pause_writing resume_writing datagram_received
   error_received pipe_data_received pipe_connection_lost process_exited get_buffer buffer_updated`.split(
    /\s+/,
  ),
);

function isProtocolCallback(unit: Unit, name: string, e: Evaluator): boolean {
  const { cls } = unit.container;
  if (!cls || !protocolCallbacks.has(name)) return false;
  return e.members.externalBases(cls).some((base) => /^asyncio\.\w*Protocol$/.test(base));
}

/** Whether it runs only where no loop is running. */
function isOffLoop(unit: Unit, event: Event): boolean {
  const { blocks } = unit.ir;
  for (let at: number | null = event.block; at !== null; at = blocks[at].parent)
    if (blocks[at].isOffLoop) return true;
  return false;
}

/** Whether it happens whenever its function runs and nothing goes wrong. */
function isCertain(unit: Unit, event: Event): boolean {
  const { blocks, scopes } = unit.ir;
  const scope = scopes[event.scope];
  if (scope.returnsEarly) return false;
  for (let at: number | null = event.block; at !== null && at !== scope.block; at = blocks[at].parent)
    if (blocks[at].statement >= 0 || blocks[at].isHandler) return false;
  return true;
}

/** Calls of those who know that there is more than one thread. */
const threadAware = new Set(
  `threading.get_ident threading.get_native_id threading.current_thread threading.main_thread _thread.get_ident
   asyncio.get_running_loop asyncio.run_coroutine_threadsafe asyncio.AbstractEventLoop.call_soon_threadsafe
   anyio.from_thread.run anyio.from_thread.run_sync`.split(/\s+/),
);

class SiteFinder {
  private readonly dispatch: Dispatch;

  constructor(
    private readonly unit: Unit,
    private readonly e: Evaluator,
    private readonly targets: Targets,
  ) {
    this.dispatch = new Dispatch(unit, e);
  }

  find(event: Event): Site[] {
    switch (event.e) {
      case "call":
        return this.call(event, this.unit.ir.exprs[event.call] as CallExpr, event.awaited);
      case "get": {
        const attr = this.unit.ir.exprs[event.attr];
        return attr.k === "attr" ? this.site(event, this.read(event, attr.of, attr.name)) : [];
      }
      case "set":
        return this.site(event, this.targets.written(this.values(event.of), event.name, event.method));
      case "index":
        return this.site(event, this.targets.implicit(this.values(event.of), event.method));
      case "test":
        return this.site(event, this.targets.firstOf(this.values(event.of), asked[event.method]));
      case "operator":
        return this.site(event, this.operator(event.op, event.left, event.right));
      case "iterate":
        return this.site(event, this.targets.iterated(this.values(event.of), this.madeBy(event, event.of)));
      case "enter":
        return this.site(event, this.targets.entered(this.values(event.of), this.madeBy(event, event.of)));
      default:
        return [];
    }
  }

  /** The call that makes what is entered or iterated where it is made: its arguments are those of the generator's function. */
  private madeBy(event: Event, ref: ExprRef) {
    const expr = this.unit.ir.exprs[ref];
    return expr?.k === "call" ? { unit: this.unit, scope: event.scope, expr, on: null } : null;
  }

  private values(ref: ExprRef): Value[] {
    return this.e.expr(this.unit, ref);
  }

  private site(event: Event, targets: Target[], where: Site["where"] = "loop"): Site[] {
    if (targets.length === 0) return [];
    const { at, end } = event;
    return [
      { at, end, where, targets, certain: isCertain(this.unit, event), needs: needsOf(this.unit, event) },
    ];
  }

  /** Reading an attribute that is a property, of the object's class or of one that inherits from it. */
  private read(event: Event, of: ExprRef, name: string): Target[] {
    const found = this.targets.read(this.values(of), name);
    if (found.length === 0) return found;
    const on = this.dispatch.receiver(event.scope, of);
    const dispatched = on && this.dispatch.dispatched(event.scope, of, on, name);
    if (!on) return found;
    const placed = found.map((target) => (target.t === "function" ? { ...target, on } : target));
    if (!dispatched) return placed;
    return [
      ...unlessOverridden(placed, dispatched, on),
      ...this.targets.overriding(dispatched, [], {}, { on }),
    ];
  }

  /** What an operator calls: a method of the left operand, or else one of the right. */
  private operator(op: string, left: ExprRef, right: ExprRef | null): Target[] {
    const first = this.values(left);
    const found = this.targets.firstOf(first, operatorMethods(op));
    // What is known of another type, or of none, most often knows what to do with the right one by itself.
    const isLiteral = this.unit.ir.exprs[left].k === "literal";
    return found.length > 0 || right === null || !isLiteral
      ? found
      : this.targets.firstOf(this.values(right), reflectedMethods(op));
  }

  private call(event: Event, call: CallExpr, awaited: Awaited): Site[] {
    const fn = this.unit.ir.exprs[call.fn];
    const on = fn.k === "attr" && !awaited ? this.dispatch.receiver(event.scope, fn.of) : null;
    const dispatched =
      on && fn.k === "attr" ? this.dispatch.dispatched(event.scope, fn.of, on, fn.name) : null;
    const all = this.values(call.fn);
    if (all.length === 0 && !dispatched) return [];
    // Where one of several is a coroutine function, that is the one that is awaited.
    const awaitable = awaited ? all.filter((callee) => this.isCoroutineFunction(callee)) : [];
    const callees = awaitable.length > 0 ? awaitable : all;
    const onLoop: Target[] = [];
    const queued: Target[] = [];
    const inThread: Target[] = [];
    for (const callee of callees) {
      const name = callee.v === "function" ? this.ownOffloader(callee) : null;
      if (name !== null || callee.v === "external" || callee.v === "member") {
        const called = name ?? (callee as { name: string }).name;
        if (threadAware.has(called)) {
          const node = this.unit.functions.get(event.scope);
          if (node) node.knowsThreads = true;
        }
        this.external(called, event, call, awaited, { onLoop, queued, inThread });
      } else {
        if (this.isFallback(event, call, callee)) continue;
        const args = call.args.map((arg) => this.values(arg));
        const by = { unit: this.unit, scope: event.scope, expr: call, on };
        const found = this.targets.called(callee, args, this.keywords(call), awaited, by);
        onLoop.push(...(dispatched && on ? unlessOverridden(found, dispatched, on) : found));
      }
    }
    if (dispatched && on) {
      const args = call.args.map((arg) => this.values(arg));
      const by = { unit: this.unit, scope: event.scope, expr: call, on };
      onLoop.push(...this.targets.overriding(dispatched, args, this.keywords(call), by));
    }
    return [
      ...this.site(event, onLoop),
      ...this.site(event, queued, "queued"),
      ...this.site(event, inThread, "thread"),
    ];
  }

  /**
   * Whether it calls, under some condition, a function of its own that it otherwise hands to a thread: `if no_threads:
   * return work()` before `await to_thread(work)`. Whoever forbids threads knows that it blocks. So does who calls with a
   * function (a parameter) what a function of its own calls in a thread.
   */
  private isFallback(event: Event, call: CallExpr, callee: Value): boolean {
    const { events, exprs, scopes } = this.unit.ir;
    const name = exprs[call.fn];
    if (name.k !== "name" || isCertain(this.unit, event)) return false;
    const isOwn =
      callee.v === "function" && callee.unit === this.unit && scopes[callee.scope]?.parent === event.scope;
    const isGiven =
      callee.v === "param" && scopes[event.scope].params.some((param) => param.name === name.id);
    if (!isOwn && !isGiven) return false;
    const callsIt = (scope: ScopeRef) =>
      events.some((inner) => {
        const called = inner.e === "call" && inner.scope === scope ? exprs[inner.call] : null;
        const fn = called?.k === "call" ? exprs[called.fn] : null;
        return fn?.k === "name" && fn.id === name.id;
      });
    const names = (ref: ExprRef): boolean => {
      const expr = exprs[ref];
      if (expr.k === "call") return expr.args.some(names);
      if (expr.k === "function") return isGiven && callsIt(expr.scope);
      if (expr.k !== "name" || expr.id === name.id) return expr.k === "name";
      return (
        isGiven &&
        scopes.some(
          (scope, at) =>
            scope.kind === "def" && scope.name === expr.id && scope.parent === event.scope && callsIt(at),
        )
      );
    };
    return events.some((other) => {
      if (other.e !== "call" || other.scope !== event.scope || isCertain(this.unit, other)) return false;
      const offload = exprs[other.call] as CallExpr;
      if (!offload.args.some(names)) return false;
      return this.values(offload.fn).some(
        (value) => "name" in value && this.e.knowledge.offloader(value.name) !== undefined,
      );
    });
  }

  private isCoroutineFunction(callee: Value): boolean {
    if (callee.v === "function") return callee.unit.ir.scopes[callee.scope]?.isAsync === true;
    return (callee.v === "external" || callee.v === "member") && this.e.knowledge.isCoroutine(callee.name);
  }

  /** The name under which a function of the workspace was listed as an offloader: by the end of its dotted name. */
  private ownOffloader(fn: Extract<Value, { v: "function" }>): string | null {
    if (!this.e.knowledge.hasOwnOffloaders) return null;
    let name = this.e.functions.idOf(fn.unit, fn.scope);
    for (; name.includes("."); name = name.slice(name.indexOf(".") + 1)) {
      if (this.e.knowledge.offloader(name)) return name;
    }
    return null;
  }

  private keywords(call: CallExpr): Record<string, Value[]> {
    const kw: Record<string, Value[]> = {};
    for (const [name, arg] of Object.entries(call.kw)) if (name !== "__proto__") kw[name] = this.values(arg);
    return kw;
  }

  private external(
    name: string,
    event: Event,
    call: CallExpr,
    awaited: Awaited,
    { onLoop, queued, inThread }: Record<"onLoop" | "queued" | "inThread", Target[]>,
  ): void {
    const { knowledge } = this.e;
    const offloader = knowledge.offloader(name);
    if (offloader) {
      // A pool's `map` runs in others and waits for them, too: that is a sink beside.
      inThread.push(...this.callables(call, offloader.callable));
    }
    const caller = knowledge.caller(name);
    if (caller?.when === "now") onLoop.push(...this.callables(call, caller.callable));
    if (caller?.when === "loop") queued.push(...this.callables(call, caller.callable));
    if (name.endsWith("ExitStack.enter_context") && call.args[0] !== undefined)
      onLoop.push(...this.targets.entered(this.values(call.args[0]), this.madeBy(event, call.args[0])));
    if (Object.hasOwn(askedByBuiltins, name) && (call.args.length === 1 || name === "builtins.print"))
      for (const arg of call.args)
        onLoop.push(...this.targets.firstOf(this.values(arg), askedByBuiltins[name]));
    const consumer = knowledge.consumer(name);
    if (consumer) {
      const refs = consumer.iterable === "all" ? call.args : consumer.iterable.map((at) => call.args[at]);
      for (const ref of refs) if (ref !== undefined) onLoop.push(...this.targets.iterated(this.values(ref)));
    }
    if (awaited) return;
    for (const target of this.targets.sink(name))
      if (target.t !== "sink" || !this.isExcused(target.call, event, call)) onLoop.push(target);
  }

  private isExcused(sink: BlockingCall, event: Event, call: CallExpr): boolean {
    if (this.targets.excused(sink, this.unit, call)) return true;
    if (sink.name.startsWith("concurrent.futures.Future.") && this.isKnownDone(event, call)) return true;
    if (sink.rule === "blocking-file" && this.e.calls.isInMemory(this.unit, call)) return true;
    if (sink.rule === "blocking-file" && takesFiles.test(sink.name) && this.isOpenFile(call)) return true;
    if (queueGet.test(sink.name) && this.isKnownFull(call)) return true;
    if (sink.where === "thread" && this.isMadeHere(event, call)) return true;
    return sink.rule === "blocking-socket" && (this.isGuarded(event) || this.isSetNonBlocking(call));
  }

  /** Whether it is given what a `with` around it opened, and that is no file of the disk: a member of an archive in memory. */
  private isOpenFile(call: CallExpr): boolean {
    const file = call.args.length > 0 ? this.unit.ir.exprs[call.args[0]] : undefined;
    if (file?.k !== "name" || this.values(call.args[0]).length > 0) return false;
    const { binds } = this.unit.ir.scopes[file.scope];
    return Object.hasOwn(binds, file.id) && binds[file.id].every((binding) => binding.b === "enter");
  }

  /** Whether it stands in a `try` that handles what a non-blocking socket raises. */
  private isGuarded(event: Event): boolean {
    const { blocks } = this.unit.ir;
    for (let at: number | null = event.block; at !== null; at = blocks[at].parent)
      if (blocks[at].isNonBlocking) return true;
    return false;
  }

  /** Whether the same code says `setblocking(False)` or `settimeout(0)` of the same object. */
  private isSetNonBlocking(call: CallExpr): boolean {
    const { exprs } = this.unit.ir;
    const object = receiver(exprs, call);
    if (object === null) return false;
    if (this.isAttributeSetNonBlocking(call)) return true;
    return exprs.some((other) => {
      if (other.k !== "call" || receiver(exprs, other) !== object) return false;
      const method = exprs[other.fn];
      const argument = exprs[other.args[0]];
      if (method.k !== "attr" || argument?.k !== "literal") return false;
      return method.name === "setblocking"
        ? argument.text === "False"
        : method.name === "settimeout" && argument.text === "0";
    });
  }

  /** Whether it is called on an attribute of an object whose class makes that non-blocking: `self.sock.recv(1)`. */
  private isAttributeSetNonBlocking(call: CallExpr): boolean {
    const { exprs } = this.unit.ir;
    const method = exprs[call.fn];
    const socket = method.k === "attr" ? exprs[method.of] : null;
    if (socket?.k !== "attr") return false;
    return this.values(socket.of).some(
      (value) =>
        value.v === "instance" &&
        value.cls !== null &&
        this.e.members.setsOnSelf(value.cls, nonBlocking(socket.name)),
    );
  }

  /** Whether it is called on what the same function has just made, which no other thread can know yet: `self.ready = asyncio.Event()`. */
  private isMadeHere(event: Event, call: CallExpr): boolean {
    const { exprs, scopes } = this.unit.ir;
    const [owner, name] = receiver(exprs, call)?.split(".") ?? [];
    const { params, attributes, binds } = scopes[event.scope];
    const record = name === undefined ? binds : owner === params[0]?.name ? attributes : {};
    const key = name ?? owner ?? "";
    const bindings = Object.hasOwn(record, key) ? record[key] : [];
    return (
      bindings.length > 0 &&
      bindings.every((binding) => {
        const made = binding.b === "value" ? exprs[binding.value] : null;
        const callee = made?.k === "call" ? exprs[made.fn] : null;
        const called = callee?.k === "attr" ? callee.name : callee?.k === "name" ? callee.id : "";
        return /^(?:Event|Queue|LifoQueue|PriorityQueue|Future)$/.test(called);
      })
    );
  }

  /** Whether the code looked into the queue before: `while queue.empty(): await sleep(0)`, `if queue.qsize():`. */
  private isKnownFull(call: CallExpr): boolean {
    const { exprs } = this.unit.ir;
    const queue = receiver(exprs, call);
    if (queue === null) return false;
    return exprs.some((other) => {
      if (other.k !== "call" || other.at >= call.at || receiver(exprs, other) !== queue) return false;
      const method = exprs[other.fn];
      return method.k === "attr" && (method.name === "empty" || method.name === "qsize");
    });
  }

  /**
   * Whether the future has its result when asked for it: the function looked before (`if future.done():`), awaited it
   * (`await asyncio.wrap_future(future)`), or is given it as its callback.
   */
  private isKnownDone(event: Event, call: CallExpr): boolean {
    const { exprs, scopes } = this.unit.ir;
    const future = receiver(exprs, call);
    if (future === null) return false;
    const { params, name } = scopes[event.scope];
    const isParam = params.some((param) => param.name === future);
    return exprs.some((other) => {
      if (other.k !== "call" || other === call) return false;
      const callee = exprs[other.fn];
      const called = callee.k === "attr" ? callee.name : callee.k === "name" ? callee.id : "";
      if (/^(?:done|cancelled)$/.test(called)) return other.at < call.at && receiver(exprs, other) === future;
      const given = other.args.map((arg) => nameOf(exprs, exprs[arg]));
      if (called === "wrap_future") return other.at < call.at && given.includes(future);
      return called === "add_done_callback" && isParam && given.includes(name);
    });
  }

  private callables(call: CallExpr, refs: readonly ArgumentRef[]): Target[] {
    return refs.flatMap((ref) => {
      const arg =
        typeof ref === "number" ? call.args[ref] : Object.hasOwn(call.kw, ref) ? call.kw[ref] : undefined;
      return arg === undefined ? [] : this.values(arg).flatMap((value) => this.targets.called(value, [], {}));
    });
  }
}

/** What reads a file by its name, or one that is open already. */
const takesFiles =
  /^(?:pandas|numpy|torch|joblib|openpyxl|xml|lxml|zipfile|tarfile|gzip)\.|^PIL\.Image\.open$/;

const queueGet = /^(?:queue\.\w+|multiprocessing\.[\w.]*Queue)\.get$/;

/** What a method is called on, where that is a name or an attribute of one. */
function receiver(exprs: readonly Expr[], call: CallExpr): string | null {
  const method = exprs[call.fn];
  return method.k === "attr" ? nameOf(exprs, exprs[method.of]) : null;
}

/** "a" or "a.b", where an expression is so simple. */
function nameOf(exprs: readonly Expr[], expr: Expr): string | null {
  if (expr.k === "name") return expr.id;
  if (expr.k !== "attr") return null;
  const owner = exprs[expr.of];
  return owner.k === "name" ? `${owner.id}.${expr.name}` : null;
}
