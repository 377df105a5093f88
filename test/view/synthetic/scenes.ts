import { type Coroutine, type SimTask, Simulation } from "./simulate";

/** The shop of the screenshots: workers, a cache, orders, two transfers that deadlock, one order that blocks. */
export function shop(options: { until?: number; deadlock?: boolean; block?: boolean } = {}): Simulation {
  const { until = 0.62, deadlock = true, block = true } = options;
  const sim = new Simulation();
  let seed = 4;
  const random = (low: number, high: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return low + ((high - low) * seed) / 2147483648;
  };
  const pool = sim.lock("pool", 3);
  const quotes = sim.lock("quotes", 4);
  const accounts = sim.lock("accounts");
  const ledger = sim.lock("ledger");
  const cache = sim.lock("cache");
  const outbox = sim.queue("outbox");

  function* fetchUser(): Coroutine {
    yield { on: "lock", lock: pool, line: 44 };
    yield { on: "io", seconds: random(0.015, 0.06), line: 45 };
    sim.burn(random(0.0003, 0.0012));
    sim.release(pool);
  }
  function* quote(k: number): Coroutine {
    yield { on: "lock", lock: quotes, line: 51 };
    yield { on: "sleep", seconds: random(0.03, 0.09), line: 52 };
    sim.burn(random(0.0005, 0.002));
    sim.release(quotes);
    if (k === 7) throw new Error("no price for sku 7");
  }
  function* order(k: number, self: () => SimTask): Coroutine {
    sim.burn(random(0.0005, 0.002));
    yield { on: "sleep", seconds: random(0, 0.12), line: 82 };
    const user = sim.spawn(`user-${k}`, "fetch_user", fetchUser(), 83);
    const price = sim.spawn(`quote-${k}`, "price_quote", quote(k), 83);
    yield { on: "task", tasks: [user, price], line: 84 };
    if (k === 5 && block) {
      const begin = sim.now;
      sim.burn(0.12);
      sim.stall(self(), begin - 40000, "price_with_tax", 31);
    }
    sim.put(outbox);
    if (k % 3 === 0) yield { on: "event", event: sim.event("shipped"), line: 88 };
  }
  function* mailer(): Coroutine {
    for (;;) {
      yield { on: "get", queue: outbox, line: 91 };
      sim.burn(random(0.001, 0.003));
      yield { on: "sleep", seconds: 0.02, line: 92 };
    }
  }
  function* heartbeat(): Coroutine {
    for (;;) {
      sim.burn(0.0003);
      yield { on: "sleep", seconds: 0.05, line: 96 };
    }
  }
  function* refresh(): Coroutine {
    for (;;) {
      yield { on: "lock", lock: cache, line: 103 };
      yield { on: "sleep", seconds: 0.06, line: 104 };
      sim.burn(0.004);
      sim.release(cache);
      yield { on: "sleep", seconds: 0.04, line: 105 };
    }
  }
  function* transfer(first: typeof ledger, second: typeof ledger, line: number): Coroutine {
    yield { on: "lock", lock: first, line };
    yield { on: "sleep", seconds: 0.08, line: line + 1 };
    yield { on: "lock", lock: second, line: line + 2 };
    sim.release(second);
    sim.release(first);
  }
  function* report(): Coroutine {
    yield { on: "thread", seconds: 4, line: 113, label: "render_pdf" };
  }
  function* serve(): Coroutine {
    for (let i = 0; i < 3; i++) sim.spawn(`mailer-${i}`, "mailer", mailer(), 120);
    sim.spawn("heartbeat", "heartbeat", heartbeat(), 121);
    sim.spawn("refresh-cache", "refresh_cache", refresh(), 122);
    if (deadlock) {
      sim.spawn("credit-17", "credit", transfer(accounts, ledger, 130), 123);
      sim.spawn("debit-17", "debit", transfer(ledger, accounts, 140), 124);
    }
    sim.spawn("slow-report", "slow_report", report(), 125);
    for (let k = 0; k < 10; k++) {
      const task: SimTask = sim.spawn(
        `order-${k}`,
        "handle_order",
        order(k, () => task),
        127,
      );
    }
    yield { on: "sleep", seconds: 10, line: 128 };
  }
  function* main(): Coroutine {
    const server = sim.spawn("serve", "serve", serve(), 150);
    yield { on: "task", tasks: [server], line: 151 };
  }
  sim.spawn("Task-1", "main", main(), 160);
  sim.run(until);
  return sim;
}

/** The program of the first lesson: three tasks that sleep 0.5, 1 and 2 s, and main that waits for them. */
export function sleepers(until?: number): Simulation {
  const sim = new Simulation("/app/sleepers.py");
  function* sleeper(seconds: number, line: number): Coroutine {
    yield { on: "sleep", seconds, line };
  }
  function* main(): Coroutine {
    const tasks = [
      sim.spawn("Task-2", "task_one", sleeper(0.5, 6), 22),
      sim.spawn("Task-3", "task_two", sleeper(1, 11), 22),
      sim.spawn("Task-4", "task_three", sleeper(2, 16), 22),
    ];
    yield { on: "task", tasks, line: 22 };
  }
  sim.spawn("Task-1", "main", main(), 26);
  sim.run(until);
  return sim;
}
