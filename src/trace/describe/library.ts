import type { Code } from "../store/stacks";

/** Module of a file of asyncio, such as "tasks", or "". */
export function asyncioModule(code: Code): string {
  if (code.user) return "";
  const match = /[\\/]asyncio[\\/](\w+)\.py$/.exec(code.file);
  return match ? match[1] : "";
}

/** "module.function" of a frame of asyncio, such as "locks.acquire", or "". */
export function asyncioName(code: Code): string {
  const module = asyncioModule(code);
  return module && `${module}.${code.name}`;
}

const PACKAGE = /[\\/](?:site|dist)-packages[\\/]([^\\/]+?)(?:\.py)?(?=[\\/]|$)/;

/** Code that somebody installed, and that is nearer to the cause than the standard library it calls. */
export function isPackage(file: string): boolean {
  return /[\\/](site|dist)-packages[\\/]/.test(file);
}

const STANDARD = /[\\/]python3\.\d+t?[\\/]([^\\/]+?)(?:\.py)?(?=[\\/]|$)/i;

/** What library a file is of: an installed package, or a module of Python's own. */
export function libraryOf(file: string): string {
  return PACKAGE.exec(file)?.[1] ?? STANDARD.exec(file)?.[1] ?? "Python";
}

const MODULE = /([^\\/]+?)(?:[\\/]__init__)?\.py$/;

/** Classes of asyncio's methods, for CPython 3.10, which does not keep qualified names. */
const CLASSES: Record<string, string> = {
  "streams.read": "StreamReader",
  "streams.readline": "StreamReader",
  "streams.readuntil": "StreamReader",
  "streams.readexactly": "StreamReader",
  "streams.drain": "StreamWriter",
  "streams.wait_closed": "StreamWriter",
  "streams.start_tls": "StreamWriter",
  "subprocess.wait": "Process",
  "subprocess.communicate": "Process",
  "queues.get": "Queue",
  "queues.put": "Queue",
  "queues.join": "Queue",
  "base_events.serve_forever": "Server",
  "base_events.wait_closed": "Server",
};

/** The installed package a function is of, such as "aiohttp", or "". */
export function packageOf(code: Code): string {
  return code.user ? "" : (PACKAGE.exec(code.file)?.[1] ?? "");
}

/** Where anyio's task groups and cancel scopes are, when it runs on asyncio. */
export function isAnyioBackend(code: Code): boolean {
  return packageOf(code) === "anyio" && /[\\/]_backends[\\/]_asyncio\.py$/.test(code.file);
}

/** How source code would call a function: "StreamReader.readline", "asyncio.sleep", "aiohttp.request". */
export function callName(code: Code): string {
  const name = code.qualname.replace(/^.*<locals>\./, "");
  if (name.includes(".") || code.user) return name;
  if (asyncioModule(code)) return `${CLASSES[asyncioName(code)] ?? "asyncio"}.${name}`;
  const module = PACKAGE.exec(code.file)?.[1] ?? MODULE.exec(code.file)?.[1];
  return module ? `${module}.${name}` : name;
}

/** "__aenter__" and the like: called by a statement, not by name. */
export function isDunder(name: string): boolean {
  return name.startsWith("__") && name.endsWith("__");
}
