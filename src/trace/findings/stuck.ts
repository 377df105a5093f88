import type { Waiter } from "./waitGraph";

// Graph algorithms over waiters: each takes time in proportion to the edges, for there may be 100,000 tasks.

/**
 * The waiters that can never wake: not by what is awake, nor by those that it can wake, and so on. `free`
 * says that something is awake, or that the world outside may wake a task.
 */
export function neverWake(waiters: Map<number, Waiter>, free: boolean): Set<number> {
  const stuck = new Set(waiters.keys());
  const waitingFor = dependents(waiters);
  /** How many more must be freed before a waiter is. */
  const missing = new Map<number, number>();
  const freed: number[] = [];
  const release = (task: number) => {
    if (stuck.delete(task)) freed.push(task);
  };
  const open: number[] = [];
  for (const { task, on, all, open: forAnybody } of waiters.values()) {
    const blocked = on.filter((other) => waiters.has(other)).length;
    missing.set(task, all ? blocked : Math.min(1, blocked));
    if (forAnybody) open.push(task);
    else if (blocked === 0 || (!all && blocked < on.length)) release(task);
  }
  let anyone = free;
  for (;;) {
    anyone ||= freed.length > 0;
    if (anyone) for (const task of open.splice(0)) release(task);
    const task = freed.pop();
    if (task === undefined) return stuck;
    for (const waiter of waitingFor.get(task) ?? []) {
      const left = (missing.get(waiter) ?? 0) - 1;
      missing.set(waiter, left);
      if (left <= 0 && !waiters.get(waiter)!.open) release(waiter);
    }
  }
}

function dependents(waiters: Map<number, Waiter>): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (const { task, on } of waiters.values()) {
    for (const other of on) {
      const list = found.get(other);
      if (list) list.push(task);
      else found.set(other, [task]);
    }
  }
  return found;
}

/** The stuck tasks that wait, directly or not, for one of `targets`, those included. */
export function waitingFor(
  waiters: Map<number, Waiter>,
  stuck: Set<number>,
  targets: Iterable<number>,
): Set<number> {
  const reverse = dependents(waiters);
  const found = new Set([...targets].filter((task) => stuck.has(task)));
  const queue = [...found];
  for (let task = queue.pop(); task !== undefined; task = queue.pop()) {
    for (const waiter of reverse.get(task) ?? []) {
      if (!stuck.has(waiter) || found.has(waiter)) continue;
      found.add(waiter);
      queue.push(waiter);
    }
  }
  return found;
}

/** Whether a task only waits for the end of others: who waits for a thing is more to blame for a circle. */
export function forTasks(waiter: Waiter | undefined): boolean {
  return waiter?.wait.kind === "task" || waiter?.wait.kind === "tasks";
}

/** Stuck tasks that wait for one another in a circle, in the order of waiting: one circle a knot. */
export function circles(waiters: Map<number, Waiter>, stuck: Set<number>): number[][] {
  const next = (task: number) => waiters.get(task)!.on.filter((other) => stuck.has(other));
  const found: number[][] = [];
  for (const knot of knots(stuck, next)) {
    const inside = new Set(knot);
    const path: number[] = [];
    const at = new Map<number, number>();
    let task = knot[knot.length - 1];
    while (!at.has(task)) {
      at.set(task, path.push(task) - 1);
      // Of a semaphore's holders, itself last: that all of them wait says more.
      task = next(task).find((other) => inside.has(other) && other !== task) ?? task;
    }
    const circle = path.slice(at.get(task));
    // Beginning with the oldest task that waits for a thing, so that the same circle always reads the same.
    const things = circle.filter((each) => !forTasks(waiters.get(each)));
    const oldest = circle.indexOf(Math.min(...(things.length > 0 ? things : circle)));
    found.push([...circle.slice(oldest), ...circle.slice(0, oldest)]);
  }
  return found;
}

/** Tarjan's strongly connected components that hold a circle, without recursion. */
function knots(nodes: Set<number>, next: (node: number) => number[]): number[][] {
  const found: number[][] = [];
  const index = new Map<number, number>();
  const low = new Map<number, number>();
  const stack: number[] = [];
  const onStack = new Set<number>();
  for (const root of nodes) {
    if (index.has(root)) continue;
    const visits = [{ node: root, edges: next(root), edge: 0 }];
    while (visits.length > 0) {
      const visit = visits[visits.length - 1];
      const { node, edges } = visit;
      if (visit.edge === 0 && !index.has(node)) {
        index.set(node, index.size);
        low.set(node, index.get(node)!);
        stack.push(node);
        onStack.add(node);
      }
      if (visit.edge < edges.length) {
        const other = edges[visit.edge++];
        if (!index.has(other)) visits.push({ node: other, edges: next(other), edge: 0 });
        else if (onStack.has(other)) low.set(node, Math.min(low.get(node)!, index.get(other)!));
        continue;
      }
      visits.pop();
      const parent = visits[visits.length - 1];
      if (parent) low.set(parent.node, Math.min(low.get(parent.node)!, low.get(node)!));
      if (low.get(node) !== index.get(node)) continue;
      const knot = stack.splice(stack.lastIndexOf(node));
      for (const member of knot) onStack.delete(member);
      if (knot.length > 1 || edges.includes(node)) found.push(knot);
    }
  }
  return found;
}
