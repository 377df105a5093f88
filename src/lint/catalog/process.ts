/** Sleeping, starting processes, and waiting for another thread or process. */
import { blocking, each, offload, type Part } from "./define";
import type { ArgumentIs } from "./types";

const NO_TIMEOUT: ArgumentIs[] = [{ keyword: "timeout", position: 0, values: ["0", "0.0"] }];
/** `acquire(False)`, `acquire(timeout=0)`. */
const NOT_BLOCKING: ArgumentIs[] = [
  { keyword: "blocking", position: 0, values: ["False", "0"] },
  { keyword: "block", position: 0, values: ["False", "0"] },
  { keyword: "timeout", position: 1, values: ["0", "0.0"] },
];
const PUT_NOT_BLOCKING: ArgumentIs[] = [
  { keyword: "block", position: 1, values: ["False", "0"] },
  { keyword: "timeout", position: 2, values: ["0", "0.0"] },
];
const WNOHANG = ["WNOHANG"];
const UNLOCKED = ["LOCK_UN", "LOCK_NB"];
const EXEC = { replacement: "asyncio.create_subprocess_exec" };
const SHELL = { replacement: "asyncio.create_subprocess_shell" };
const wait = (prefix: string, names: string, extra = {}) => blocking("blocking-wait", prefix, names, extra);

const BETWEEN = { severity: "warning", note: "sleeps before it tries again" } as const;

export const sleep: Part = {
  blocking: [
    ...blocking("blocking-sleep", "time.", "sleep", { replacement: "asyncio.sleep" }),
    // As decorators: of functions that fail.
    ...blocking(
      "blocking-sleep",
      "",
      "tenacity.retry.__call__ retrying.retry.__call__ retry.retry.__call__",
      {
        needsArguments: true,
        ...BETWEEN,
      },
    ),
    ...blocking(
      "blocking-sleep",
      "",
      "backoff.on_exception.__call__ backoff.on_predicate.__call__ stamina.retry.__call__ ratelimit.sleep_and_retry.__call__",
      BETWEEN,
    ),
    ...blocking("blocking-sleep", "tenacity.Retrying.", "__iter__ __call__", {
      note: "sleeps between the attempts",
    }),
  ],
};

export const subprocess: Part = {
  blocking: [
    ...blocking("blocking-subprocess", "subprocess.", "run call check_call check_output Popen", EXEC),
    ...blocking("blocking-subprocess", "subprocess.", "getoutput getstatusoutput", SHELL),
    ...blocking("blocking-subprocess", "os.", "system popen", SHELL),
    ...blocking(
      "blocking-subprocess",
      "os.",
      "spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe posix_spawn posix_spawnp",
      EXEC,
    ),
    ...blocking("blocking-subprocess", "", "pty.spawn pexpect.run", EXEC),
  ],
  returns: {
    "subprocess.Popen.stdout": "subprocess._Pipe",
    "subprocess.Popen.stderr": "subprocess._Pipe",
  },
};

export const waits: Part = {
  blocking: [
    ...wait("os.", "wait wait3"),
    ...wait("os.", "waitpid wait4", { unless: [{ keyword: "options", position: 1, values: WNOHANG }] }),
    ...wait("os.", "waitid"),
    ...wait("subprocess.Popen.", "wait", { unless: NO_TIMEOUT }),
    ...wait("subprocess.Popen.", "communicate"),
    ...wait("subprocess._Pipe.", "read readline readlines __iter__", {
      note: "waits for the process's output",
    }),
    ...wait("threading.Thread.", "join", { unless: NO_TIMEOUT, replacement: "asyncio.to_thread" }),
    ...wait("multiprocessing.Process.", "join", { unless: NO_TIMEOUT }),
    ...wait("concurrent.futures.Future.", "result exception", {
      unless: NO_TIMEOUT,
      replacement: "asyncio.wrap_future",
    }),
    ...wait("concurrent.futures.", "wait", { replacement: "asyncio.wait" }),
    ...wait("concurrent.futures.", "as_completed", { lazy: true, replacement: "asyncio.as_completed" }),
    ...wait("concurrent.futures.Executor.", "map", { lazy: true }),
    ...wait("queue.Queue.", "get", { unless: NOT_BLOCKING, replacement: "asyncio.Queue.get" }),
    ...wait("queue.Queue.", "put", {
      unless: PUT_NOT_BLOCKING,
      // Most queues have no limit, and then it never waits.
      severity: "warning",
      replacement: "asyncio.Queue.put",
      note: "waits while the queue is full",
    }),
    ...wait("queue.Queue.", "join", { replacement: "asyncio.Queue.join" }),
    ...wait("queue.SimpleQueue.", "get", { unless: NOT_BLOCKING, replacement: "asyncio.Queue.get" }),
    ...wait("multiprocessing.Queue.", "get", { unless: NOT_BLOCKING }),
    ...wait("multiprocessing.Queue.", "join_thread"),
    ...wait("multiprocessing.SimpleQueue.", "get"),
    ...wait("multiprocessing.JoinableQueue.", "join"),
    ...wait("multiprocessing.pool.Pool.", "apply map starmap join"),
    ...wait("multiprocessing.pool.Pool.", "imap imap_unordered", { lazy: true }),
    ...wait("multiprocessing.pool.AsyncResult.", "get wait", { unless: NO_TIMEOUT }),
    ...wait("multiprocessing.connection.Connection.", "recv recv_bytes"),
    ...wait("multiprocessing.connection.", "wait Listener.accept Client"),
    ...["threading", "multiprocessing"].flatMap((module) => [
      ...wait(`${module}.Event.`, "wait", { unless: NO_TIMEOUT, replacement: "asyncio.Event.wait" }),
      ...wait(`${module}.Barrier.`, "wait", { replacement: "asyncio.Barrier.wait" }),
      ...wait(`${module}.Condition.`, "wait wait_for", { replacement: "asyncio.Condition.wait" }),
      // A lock is mostly free, and then costs nothing.
      ...["Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore"].flatMap((lock) => [
        ...wait(`${module}.${lock}.`, "acquire", { unless: NOT_BLOCKING, severity: "warning" }),
        ...wait(`${module}.${lock}.`, "__enter__", {
          severity: "hint",
          note: "waits while a thread holds it",
        }),
      ]),
    ]),
    ...wait("select.", "select", { unless: [{ position: 3, values: ["0", "0.0"] }] }),
    ...wait("select.", "poll.poll epoll.poll", { unless: NO_TIMEOUT }),
    ...wait("select.", "kqueue.control", {
      unless: [
        { keyword: "timeout", position: 2, values: ["0", "0.0"] },
        { keyword: "max_events", position: 1, values: ["0"] },
      ],
    }),
    ...wait("selectors.BaseSelector.", "select", { unless: NO_TIMEOUT }),
    ...wait("signal.", "pause sigwait sigwaitinfo sigtimedwait"),
    ...wait("sched.scheduler.", "run", { unless: [{ keyword: "blocking", position: 0, values: ["False"] }] }),
    ...wait("pexpect.spawn.", "expect expect_exact wait"),
    // `with ThreadPoolExecutor() as pool:` around awaited work has nothing left to wait for.
    ...wait("concurrent.futures.Executor.", "shutdown", {
      unless: [{ keyword: "wait", position: 0, values: ["False"] }],
      severity: "warning",
      note: "waits for what still runs in it",
    }),
    ...wait("fcntl.", "flock lockf", { unless: [{ position: 1, values: UNLOCKED }], severity: "warning" }),
    ...["filelock.FileLock", "portalocker.Lock", "fasteners.InterProcessLock"].flatMap((lock) =>
      wait(`${lock}.`, "acquire __enter__", {
        unless: NOT_BLOCKING,
        severity: "warning",
        note: "waits while a process holds it",
      }),
    ),
    ...wait("psutil.", "cpu_percent cpu_times_percent Process.cpu_percent", {
      needsArguments: true,
      unless: [{ keyword: "interval", position: 0, values: ["None", "0", "0.0"] }],
      note: "sleeps for the interval",
    }),
    ...wait("celery.result.AsyncResult.", "get wait join", { note: "waits for the worker" }),
    ...wait("zmq.", "Poller.poll Socket.poll", { unless: NO_TIMEOUT }),
    ...wait("psutil.", "wait_procs Process.wait Popen.wait", { unless: NO_TIMEOUT }),
  ],
  returns: {
    "queue._UnboundedQueue.put": "None",
    "concurrent.futures.as_completed": "Iterator[concurrent.futures._DoneFuture]",
    "concurrent.futures.wait": "tuple[set[concurrent.futures._DoneFuture], set[concurrent.futures.Future]]",
    ...each("concurrent.futures._DoneFuture.", "result exception", "Any"),
    "asyncio.run_coroutine_threadsafe": "concurrent.futures.Future",
    "concurrent.futures.Executor.submit": "concurrent.futures.Future",
    "multiprocessing.Pool": "multiprocessing.pool.Pool",
    "multiprocessing.Pipe":
      "tuple[multiprocessing.connection.Connection, multiprocessing.connection.Connection]",
    "multiprocessing.connection.Client": "multiprocessing.connection.Connection",
    ...each(
      "multiprocessing.pool.Pool.",
      "apply_async map_async starmap_async",
      "multiprocessing.pool.AsyncResult",
    ),
    "threading.current_thread": "threading.Thread",
    ...each("celery.", "Celery.send_task Task.delay Task.apply_async", "celery.result.AsyncResult"),
  },
  bases: {
    ...each("", "select.poll select.epoll select.kqueue sched.scheduler pexpect.spawn", []),
    "filelock.SoftFileLock": ["filelock.FileLock"],
    "concurrent.futures._DoneFuture": ["concurrent.futures.Future"],
    "threading.Timer": ["threading.Thread"],
    "queue._UnboundedQueue": ["queue.Queue"],
    "queue.LifoQueue": ["queue.Queue"],
    "queue.PriorityQueue": ["queue.Queue"],
    "multiprocessing.JoinableQueue": ["multiprocessing.Queue"],
    "multiprocessing.pool.ThreadPool": ["multiprocessing.pool.Pool"],
    "concurrent.futures.ThreadPoolExecutor": ["concurrent.futures.Executor"],
    "concurrent.futures.ProcessPoolExecutor": ["concurrent.futures.Executor"],
    "concurrent.futures.InterpreterPoolExecutor": ["concurrent.futures.ThreadPoolExecutor"],
    ...each("selectors.", "DefaultSelector SelectSelector PollSelector EpollSelector KqueueSelector", [
      "selectors.BaseSelector",
    ]),
  },
  aliases: {
    "concurrent.futures._base": "concurrent.futures",
    "concurrent.futures.thread": "concurrent.futures",
    "concurrent.futures.process": "concurrent.futures",
    "multiprocessing.process": "multiprocessing",
    "multiprocessing.queues": "multiprocessing",
    "multiprocessing.context.Process": "multiprocessing.Process",
    "multiprocessing.dummy.Pool": "multiprocessing.pool.ThreadPool",
  },
  offloaders: [
    ...offload(["target", 1], "threading.Thread multiprocessing.Process"),
    ...offload(["function", 1], "threading.Timer"),
    ...offload([0, "func"], "multiprocessing.pool.Pool.apply multiprocessing.pool.Pool.apply_async"),
    ...offload(
      [0, "func"],
      `multiprocessing.pool.Pool.map multiprocessing.pool.Pool.map_async multiprocessing.pool.Pool.starmap
       multiprocessing.pool.Pool.starmap_async multiprocessing.pool.Pool.imap
       multiprocessing.pool.Pool.imap_unordered`,
    ),
  ],
};
