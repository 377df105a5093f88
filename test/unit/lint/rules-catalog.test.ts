import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { blockingRules, catalog } from "../../../src/lint/catalog";

/** Names of the standard library that only some platforms or Python versions have, and classes that only we name. */
const NOT_EVERYWHERE = new Set(
  `asyncio.Barrier asyncio.Runner asyncio.Runner.run asyncio.Runner.get_loop asyncio.TaskGroup.create_task
   concurrent.futures.InterpreterPoolExecutor dbm.sqlite3.open hashlib.file_digest imaplib.IMAP4.idle
   os.path.isdevdrive os.path.isjunction os.posix_spawn pathlib.Path.copy pathlib.Path.copy_into
   pathlib.Path.is_junction pathlib.Path.link_to pathlib.Path.move pathlib.Path.move_into pathlib.Path.walk
   pathlib.Path.lchmod pathlib.PurePath.with_segments select.kqueue.control selectors.KqueueSelector
   asyncio.Barrier.wait asyncio.StreamWriter.start_tls shutil.chown asyncio.ProactorEventLoop os.lchown`.split(
    /\s+/,
  ),
);

/** Asks the interpreter which of the names it can find. */
function missing(names: string[]): string[] {
  const script = `
import sys, importlib, json
missing = []
for name in json.load(sys.stdin):
    parts = name.split(".")
    if parts[0] not in sys.stdlib_module_names and parts[0] != "builtins":
        continue
    if any(p.startswith("_") and not p.startswith("__") for p in parts):
        continue
    for n in range(len(parts), 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:n]))
        except ImportError:
            continue
        break
    try:
        for part in parts[n:]:
            thing = getattr(thing, part)
    except AttributeError:
        missing.append(name)
print(json.dumps(missing))`;
  const output = execFileSync("python3", ["-c", script], { input: JSON.stringify(names), encoding: "utf8" });
  return JSON.parse(output);
}

describe("the catalogue", () => {
  it("names things of the standard library that exist", () => {
    const names = [
      ...catalog.blocking.map((call) => call.name),
      ...catalog.offloaders.map((one) => one.name),
      ...catalog.callers.map((one) => one.name),
      ...catalog.consumers.map((one) => one.name),
      ...catalog.coroutines,
      ...catalog.blocking.flatMap((call) => call.replacement ?? []),
    ];
    // Factories we treat as classes, and methods that an object gets when it is made.
    const onInstances =
      /^(multiprocessing\.\w+|threading\.R?Lock|threading\.Condition|asyncio\.Condition|io\.IOBase|select\.poll)\./;
    assert.deepEqual(
      missing([...new Set(names)].filter((name) => !name.endsWith(".*"))).filter(
        (name) => !NOT_EVERYWHERE.has(name) && !onInstances.test(name),
      ),
      [],
    );
  });

  it("lists a call once", () => {
    const seen = new Set<string>();
    const twice = catalog.blocking
      .map((call) => call.name)
      .filter((name) => seen.size === seen.add(name).size);
    assert.deepEqual(twice, []);
  });

  it("has a rule for every call", () => {
    const rules = new Set(blockingRules.map((rule) => rule.id));
    assert.deepEqual(
      catalog.blocking.filter((call) => !rules.has(call.rule)),
      [],
    );
  });

  it("uses the name that aliases lead to", () => {
    const from = Object.keys(catalog.aliases);
    const aliased = (name: string) => from.some((alias) => name === alias || name.startsWith(`${alias}.`));
    assert.deepEqual(catalog.blocking.map((call) => call.name).filter(aliased), []);
  });
});
