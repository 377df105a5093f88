/**
 * The catalogue: what the linter knows of code it cannot read (the standard library, packages), as data.
 *
 * Names are qualified by the module a user would write: `time.sleep`, `requests.get`, `pathlib.Path`. A method is
 * `module.Class.method` and is looked up through `bases`. Builtins are `builtins.open`, `builtins.sorted`. Where a
 * package exports a thing under several names, `aliases` maps the others to the one used here.
 */
export interface Catalog {
  /** Calls that hold the event loop. */
  blocking: readonly BlockingCall[];
  /** Calls that run one of their arguments somewhere else than on the loop: the chain ends there. */
  offloaders: readonly Offloader[];
  /** Calls that run one of their arguments on the spot, or later on the loop: the chain goes on. */
  callers: readonly Caller[];
  /** Calls that iterate an argument to its end (`builtins.list`, `builtins.str.join`): a lazy iterator blocks here. */
  consumers: readonly Consumer[];
  /**
   * What a call or an attribute gives: a type expression as Python would write it in an annotation, with qualified names:
   * `{"sqlite3.connect": "sqlite3.Connection", "pathlib.Path.parent": "pathlib.Path", "pathlib.Path.glob":
   * "Iterator[pathlib.Path]"}`. `Self` is the receiver's class, `Item` what stands in the brackets of its type. A class called gives its instance and needs no entry.
   * `pathlib.PurePath.__truediv__` is an operator, `X.__enter__` what `with X() as y` binds (`Self` if not listed),
   * `X.__aenter__` the same for `async with`. `X.__get__` is "Self" where the class around is what its type has in brackets. For a coroutine function give what awaiting it gives, and list the
   * function in `coroutines`.
   */
  returns: Readonly<Record<string, string>>;
  /**
   * Base classes: `{"pathlib.Path": ["pathlib.PurePath"]}`. A name in here is a class; others are taken for classes by their
   * capital, so a class in lower case needs an entry: `{"socket.socket": []}`.
   */
  bases: Readonly<Record<string, readonly string[]>>;
  /** Other names of the same thing: `{"requests.sessions.Session": "requests.Session"}`. A prefix of a name counts too. */
  aliases: Readonly<Record<string, string>>;
  /** Coroutine functions and methods: calling one gives an awaitable and runs nothing yet. */
  coroutines: readonly string[];
  /** Modules that a name stands for when it is used and nothing binds it (the import is not typed yet): `time`, `os`. */
  modules: readonly string[];
}

export interface BlockingCall {
  /**
   * A function, a method, or a class (then the constructor blocks). `Class.__enter__` is entering it, `.__iter__` iterating,
   * `Class.*` whatever method the catalogue does not name.
   */
  name: string;
  rule: string;
  /** Instead of the rule's own severity. */
  severity?: "error" | "warning" | "info" | "hint";
  /** What to use instead, qualified: "asyncio.sleep". For messages and fixes. */
  replacement?: string;
  /** Ends the message, without a full stop: "reads the whole file". */
  note?: string;
  /** The call itself only makes an iterator; iterating it blocks (`pathlib.Path.glob`, `os.walk`). */
  lazy?: boolean;
  /** Does not block when this argument is one of these literals: `queue.Queue.get(block=False)`, `acquire(False)`. */
  unless?: readonly ArgumentIs[];
  /** Blocks only when it is given something: `smtplib.SMTP()` does not connect yet. */
  needsArguments?: boolean;
  /** Blocks only when the argument, a name or a literal as it is written, looks so: `feedparser.parse(url)`. */
  given?: { position: number; keyword?: string; like: RegExp };
  /**
   * Where the call is wrong: on the loop (the default), or in code that runs in another thread (`not-thread-safe`:
   * `asyncio.Future.set_result`); the latter is reported at the call that hands the code to the thread.
   */
  where?: "loop" | "thread";
}

export interface ArgumentIs {
  keyword?: string;
  /** 0-based, `self` not counted. */
  position?: number;
  /** Source text of the literal: "False", "0", "0.0"; null: whatever is given. */
  values: readonly string[] | null;
}

/** An argument by position (0-based, `self` not counted) or by keyword. */
export type ArgumentRef = number | string;

export interface Offloader {
  name: string;
  /** Which argument is the callable. */
  callable: readonly ArgumentRef[];
  /** It makes an offloading callable out of a function: `asgiref.sync.sync_to_async`, as decorator or called. */
  wraps?: boolean;
}

export interface Caller {
  name: string;
  callable: readonly ArgumentRef[];
  /** "now": before the call returns (`sorted`, `functools.reduce`); "lazy": when the result is iterated (`map`); "loop": later, on the loop. */
  when: "now" | "lazy" | "loop";
}

export interface Consumer {
  name: string;
  /** Positions of the iterables; "all" for every positional argument. */
  iterable: readonly number[] | "all";
}
