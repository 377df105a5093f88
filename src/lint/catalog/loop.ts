/** The event loop itself: what starts one, what runs code on it, what moves code off it, what only it may touch. */
import { blocking, callers, each, names, offload, type Part } from "./define";
import type { BlockingCall } from "./types";

const LOOP = "asyncio.AbstractEventLoop.";
const SOCK = "recv recv_into recvfrom recvfrom_into sendall sendto connect accept sendfile";

const threadOnly = (prefix: string, list: string): BlockingCall[] =>
  blocking("not-thread-safe", prefix, list, {
    where: "thread",
    replacement: "asyncio.AbstractEventLoop.call_soon_threadsafe",
  });

export const nested: Part = {
  blocking: [
    ...blocking("nested-loop", "", "asyncio.run asyncio.Runner.run uvloop.run anyio.run trio.run"),
    ...blocking("nested-loop", LOOP, "run_until_complete run_forever"),
    ...blocking("nested-loop", "tornado.ioloop.IOLoop.", "start run_sync"),
    ...blocking("nested-loop", "", "uvicorn.run uvicorn.Server.run aiohttp.web.run_app discord.Client.run"),
  ],
  bases: { "discord.ext.commands.Bot": ["discord.Client"] },
};

export const threads: Part = {
  blocking: [
    ...threadOnly(LOOP, "call_soon call_later call_at create_task stop add_reader remove_reader add_writer"),
    ...threadOnly("asyncio.Future.", "set_result set_exception cancel"),
    ...threadOnly("asyncio.Event.", "set clear"),
    ...threadOnly("asyncio.Queue.", "put_nowait get_nowait task_done"),
    ...threadOnly("asyncio.Condition.", "notify notify_all"),
  ],
  offloaders: [
    ...offload([0, "func"], "asyncio.to_thread anyio.to_thread.run_sync anyio.to_process.run_sync"),
    ...offload([0, "func"], "anyio.to_interpreter.run_sync starlette.concurrency.run_in_threadpool"),
    ...offload([0, "sync_fn"], "trio.to_thread.run_sync"),
    ...offload([1, "func"], `${LOOP}run_in_executor`),
    ...offload([0, "fn"], "concurrent.futures.Executor.submit concurrent.futures.Executor.map"),
    ...offload(
      [0, "func"],
      "starlette.background.BackgroundTask starlette.background.BackgroundTasks.add_task",
    ),
    ...offload([0], "twisted.internet.threads.deferToThread nicegui.run.io_bound nicegui.run.cpu_bound"),
    ...offload(
      [0],
      "homeassistant.core.HomeAssistant.async_add_executor_job tornado.ioloop.IOLoop.run_in_executor",
    ),
    // These run the function in a greenlet whose driver awaits: the loop goes on.
    ...offload([0, "fn"], "sqlalchemy.ext.asyncio.AsyncSession.run_sync"),
    ...offload([0, "fn"], "sqlalchemy.ext.asyncio.AsyncConnection.run_sync"),
    ...offload([0, "func"], "asgiref.sync.sync_to_async asgiref.sync.SyncToAsync asyncer.asyncify", {
      wraps: true,
    }),
    ...offload([0, "func"], "channels.db.database_sync_to_async aiofiles.os.wrap", { wraps: true }),
    ...offload([0], "tornado.concurrent.run_on_executor aiofiles.ospath.wrap", { wraps: true }),
  ],
  aliases: {
    "fastapi.concurrency.run_in_threadpool": "starlette.concurrency.run_in_threadpool",
    "fastapi.BackgroundTasks": "starlette.background.BackgroundTasks",
    "fastapi.background.BackgroundTasks": "starlette.background.BackgroundTasks",
    "asyncio.threads.to_thread": "asyncio.to_thread",
  },
};

export const calls: Part = {
  callers: [
    ...callers("now", ["key"], "builtins.sorted builtins.min builtins.max builtins.list.sort"),
    ...callers("now", ["key"], "heapq.nlargest heapq.nsmallest bisect.bisect bisect.insort"),
    ...callers("now", [0, "function"], "functools.reduce"),
    ...callers("now", [1, "repl"], "re.sub re.subn"),
    ...callers("now", [0], "contextvars.Context.run"),
    ...callers("lazy", [0], "builtins.map builtins.filter itertools.starmap itertools.filterfalse"),
    ...callers("lazy", [0], "itertools.takewhile itertools.dropwhile"),
    ...callers("lazy", [1, "func"], "itertools.accumulate"),
    ...callers("lazy", [1, "key"], "itertools.groupby"),
    ...callers("loop", [0, "callback"], `${LOOP}call_soon ${LOOP}call_soon_threadsafe`),
    ...callers(
      "loop",
      [1, "callback"],
      `${LOOP}call_later ${LOOP}call_at ${LOOP}add_reader ${LOOP}add_writer`,
    ),
    ...callers("loop", [1, "callback"], `${LOOP}add_signal_handler`),
    ...callers("loop", [0, "fn"], "asyncio.Future.add_done_callback asyncio.Task.add_done_callback"),
    ...callers("loop", [0, "callback"], "contextlib.AsyncExitStack.callback contextlib.ExitStack.callback"),
  ],
  consumers: [
    ...names("builtins.", "list tuple set frozenset dict sorted sum min max any all next").map((name) => ({
      name,
      iterable: [0],
    })),
    ...names("", "builtins.str.join builtins.bytes.join builtins.list.extend builtins.set.update").map(
      (name) => ({
        name,
        iterable: [0],
      }),
    ),
    ...names("collections.", "deque Counter OrderedDict").map((name) => ({ name, iterable: [0] })),
    { name: "functools.reduce", iterable: [1] },
    { name: "builtins.set.union", iterable: "all" as const },
  ],
  bases: {
    "collections.deque": [],
    ...each("collections.", "defaultdict OrderedDict Counter", ["builtins.dict"]),
  },
  coroutines: ["contextlib.AsyncExitStack.enter_async_context"],
};

export const asyncio: Part = {
  returns: {
    ...each("asyncio.", "get_event_loop get_running_loop new_event_loop", "asyncio.AbstractEventLoop"),
    ...each("", "uvloop.new_event_loop uvloop.Loop", "asyncio.AbstractEventLoop"),
    "asyncio.Runner.get_loop": "asyncio.AbstractEventLoop",
    "asyncio.Future.get_loop": "asyncio.AbstractEventLoop",
    "asyncio.create_task": "asyncio.Task",
    "asyncio.ensure_future": "asyncio.Future",
    "asyncio.gather": "asyncio.Future",
    "asyncio.shield": "asyncio.Future",
    "asyncio.current_task": "asyncio.Task",
    "asyncio.wrap_future": "asyncio.Future",
    "asyncio.TaskGroup.create_task": "asyncio.Task",
    [`${LOOP}create_task`]: "asyncio.Task",
    [`${LOOP}create_future`]: "asyncio.Future",
    [`${LOOP}run_in_executor`]: "asyncio.Future",
    "asyncio.open_connection": "tuple[asyncio.StreamReader, asyncio.StreamWriter]",
    "asyncio.open_unix_connection": "tuple[asyncio.StreamReader, asyncio.StreamWriter]",
    "asyncio.start_server": "asyncio.Server",
    "asyncio.start_unix_server": "asyncio.Server",
    "asyncio.create_subprocess_exec": "asyncio.subprocess.Process",
    "asyncio.create_subprocess_shell": "asyncio.subprocess.Process",
    "asyncio.subprocess.Process.stdout": "asyncio.StreamReader",
    "asyncio.subprocess.Process.stderr": "asyncio.StreamReader",
    "asyncio.subprocess.Process.stdin": "asyncio.StreamWriter",
  },
  bases: {
    "asyncio.Task": ["asyncio.Future"],
    "asyncio.LifoQueue": ["asyncio.Queue"],
    "asyncio.PriorityQueue": ["asyncio.Queue"],
    "asyncio.BoundedSemaphore": ["asyncio.Semaphore"],
    "asyncio.BaseEventLoop": ["asyncio.AbstractEventLoop"],
    "asyncio.SelectorEventLoop": ["asyncio.BaseEventLoop"],
    "asyncio.ProactorEventLoop": ["asyncio.BaseEventLoop"],
    "uvloop.Loop": ["asyncio.AbstractEventLoop"],
  },
  aliases: {
    ...Object.fromEntries(
      "base_events events futures tasks locks queues streams taskgroups timeouts runners base_subprocess exceptions"
        .split(" ")
        .map((module) => [`asyncio.${module}`, "asyncio"]),
    ),
    "asyncio.subprocess.create_subprocess_exec": "asyncio.create_subprocess_exec",
    "asyncio.subprocess.create_subprocess_shell": "asyncio.create_subprocess_shell",
    "fastapi.Request": "starlette.requests.Request",
    "fastapi.WebSocket": "starlette.websockets.WebSocket",
    "fastapi.UploadFile": "starlette.datastructures.UploadFile",
  },
  coroutines: [
    ...names("asyncio.", "sleep wait_for wait to_thread open_connection start_server open_unix_connection"),
    ...names("asyncio.", "start_unix_server create_subprocess_exec create_subprocess_shell"),
    ...names("asyncio.Queue.", "get put join"),
    ...names("asyncio.", "Lock.acquire Semaphore.acquire Event.wait Barrier.wait"),
    ...names("asyncio.Condition.", "acquire wait wait_for"),
    ...names("asyncio.StreamReader.", "read readline readexactly readuntil"),
    ...names("asyncio.StreamWriter.", "drain wait_closed start_tls"),
    ...names("asyncio.subprocess.Process.", "wait communicate"),
    ...names("asyncio.Server.", "serve_forever wait_closed start_serving"),
    ...names(
      LOOP,
      "getaddrinfo getnameinfo create_connection create_server create_datagram_endpoint sendfile",
    ),
    ...names(
      LOOP,
      "create_unix_connection create_unix_server connect_read_pipe connect_write_pipe start_tls",
    ),
    ...names(LOOP, "subprocess_exec subprocess_shell connect_accepted_socket shutdown_asyncgens"),
    ...names(LOOP, "shutdown_default_executor"),
    ...names(`${LOOP}sock_`, SOCK),
    ...names(
      "anyio.",
      "sleep sleep_forever sleep_until run_process open_process open_file connect_tcp aclose_forcefully",
    ),
    ...names("anyio.", "to_thread.run_sync Event.wait Lock.acquire Semaphore.acquire"),
    ...names(
      "anyio.Path.",
      "read_text read_bytes write_text write_bytes exists is_file is_dir mkdir unlink stat",
    ),
    ...names("trio.", "sleep sleep_forever sleep_until to_thread.run_sync run_process open_file"),
    ...names("starlette.requests.Request.", "body json form close is_disconnected"),
    ...names("starlette.", "concurrency.run_in_threadpool datastructures.UploadFile.read"),
    ...names(
      "starlette.websockets.WebSocket.",
      "accept receive_text receive_json receive_bytes send_text send_json",
    ),
    ...names("starlette.websockets.WebSocket.", "send_bytes close"),
    ...names("aiofiles.os.", "stat rename remove mkdir makedirs rmdir listdir scandir unlink"),
  ],
};
