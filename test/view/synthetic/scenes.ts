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

/** A server with a task per connection, a pool of four database connections, and more requests than those can serve. */
export function server(until = 2.4): Simulation {
  const sim = new Simulation("/app/server.py", 60);
  let seed = 11;
  const random = (low: number, high: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return low + ((high - low) * seed) / 2147483648;
  };
  const pool = sim.lock("pool", 4);
  const log = sim.queue("log");
  function* query(line: number): Coroutine {
    yield { on: "lock", lock: pool, line };
    yield { on: "io", seconds: random(0.006, 0.03), line: line + 1 };
    sim.burn(random(0.0001, 0.0006));
    sim.release(pool);
  }
  function* handle(k: number): Coroutine {
    yield { on: "io", seconds: random(0.001, 0.01), line: 31 };
    sim.burn(random(0.0002, 0.001));
    const user = sim.spawn(`user-${k}`, "load_user", query(52), 33);
    const cart = sim.spawn(`cart-${k}`, "load_cart", query(58), 34);
    yield { on: "task", tasks: [user, cart], line: 35 };
    sim.burn(k % 37 === 5 ? 0.06 : random(0.0003, 0.002));
    sim.put(log);
    yield { on: "io", seconds: random(0.001, 0.004), line: 41 };
  }
  function* writer(): Coroutine {
    for (;;) {
      yield { on: "get", queue: log, line: 71 };
      sim.burn(0.0001);
      yield { on: "thread", seconds: 0.003, line: 72, label: "write_line" };
    }
  }
  function* metrics(): Coroutine {
    for (;;) {
      yield { on: "sleep", seconds: 0.25, line: 80 };
      sim.burn(0.002);
    }
  }
  function* serve(): Coroutine {
    sim.spawn("log-writer", "write_log", writer(), 90);
    sim.spawn("metrics", "report_metrics", metrics(), 91);
    for (let k = 0; ; k++) {
      sim.spawn(`request-${k}`, "handle_request", handle(k), 94);
      yield { on: "io", seconds: random(0.002, 0.016), line: 93 };
    }
  }
  sim.spawn("Task-1", "serve", serve(), 100);
  sim.run(until);
  return sim;
}

/** Ten thousand tasks, most of them at the same line, a few elsewhere. */
export function crowd(count = 10_000): Simulation {
  const sim = new Simulation("/app/crowd.py", 4);
  const gate = sim.event("gate");
  const lock = sim.lock("report");
  function* fetch(k: number): Coroutine {
    yield { on: "io", seconds: 0.05 + (k % 97) * 0.001, line: 12 };
    if (k % 1000 === 7) {
      yield { on: "lock", lock, line: 15 };
      yield { on: "sleep", seconds: 3, line: 16 };
    } else if (k % 2500 === 11) throw new Error(`no such page: /item/${k}`);
    else yield { on: "event", event: gate, line: 20 };
  }
  function* main(): Coroutine {
    const tasks = [];
    for (let k = 0; k < count; k++) tasks.push(sim.spawn(`fetch-${k}`, "fetch", fetch(k), 30));
    sim.spawn("progress", "show_progress", progress(), 31);
    yield { on: "task", tasks, line: 32 };
  }
  function* progress(): Coroutine {
    for (;;) yield { on: "sleep", seconds: 0.1, line: 40 };
  }
  sim.spawn("Task-1", "main", main(), 50);
  sim.run(0.6);
  return sim;
}
