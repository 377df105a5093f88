/** Values on the ways they take through a program: in containers and iterators, by annotations, decorators and injection. */
import { checks } from "./rules/check";

const blocks = (files: string | Record<string, string>) => checks("blocking-*", files);

describe("values", () => {
  it("are found again in dictionaries, lists and deques", () =>
    blocks(`
import requests, time
from collections import deque
from typing import Mapping
def slow(): time.sleep(1)
async def main(by_name: dict[str, requests.Session], queue: deque[requests.Session], m: Mapping[str, requests.Session]):
    for session in by_name.values():
        session.get("x")  # !
    for name, session in by_name.items():
        name.get("x")
        session.get("x")  # !
    by_name.get("a").get("x")  # !
    by_name.pop("a", None).get("x")  # !
    by_name.setdefault("a", requests.Session()).get("x")  # !
    queue.popleft().get("x")  # !
    for key, session in m.items():
        session.get("x")  # !
    [*by_name.values()][0].get("x")  # !
    for key in by_name.keys():
        key.get("x")
class Handlers:
    def __init__(self):
        self.all = {"a": slow, "b": slow}
        self.urls = {"a": "b"}
    async def run(self, name):
        self.all.get(name)()  # !
        self.all[name]()  # !
        for handler in self.all.values():
            handler()  # !
        self.urls.get(name).get("x")
`));

  it("are what the bounds of type parameters say", () =>
    blocks(`
import requests
class requests_: pass
T = requests.Session
def get[T: requests.Session](session: T) -> T:
    session.get("x")
    return session
def same[T: (requests.Session, str), *Ts, **P](sessions: "list[T]", *args: *Ts) -> T:
    return sessions[0]
def any_[T](session: T, other: T | None = None):
    session.get("x")
async def typed[S: requests.Session](session: S, given):
    session.get("x")  # !
    def inner[S](session: S):
        session.get("x")
    inner(given)
    get(given).get("x")  # !
    same(given).get("x")  # !
    any_(given)
async def untyped(given):
    get(given)  # !
class Shop:
    async def buy[S: requests.Session](self, session: S):
        session.get("x")  # !
    async def sell(self, session: S):
        session.get("x")
`));

  it("are iterated by what iterates them: enumerate, zip, chain, islice, a progress bar", () =>
    blocks(`
import itertools, sys, time
from tqdm import tqdm
class Pages:
    def __iter__(self):
        for page in range(3):
            time.sleep(1)
            yield page
def pages():
    time.sleep(1)
    yield 1
async def main(pages_: Pages):
    for i, page in enumerate(pages_):  # !
        pass
    for page, other in zip([1], pages_):  # !
        pass
    for page in itertools.chain([1], pages()):  # !
        pass
    for page in tqdm(itertools.islice(pages_, 3)):  # !
        pass
    for group in itertools.batched(pages(), 2):  # !
        pass
    next(iter(pages_))  # !
    for line in sys.stdin:  # !
        pass
    sys.stdin.buffer.readline()  # !
    lazy = enumerate(pages_)
    for i, x in enumerate(itertools.chain([1], "ab")):
        pass
`));

  it("are what annotations say: variables of types, callables, what *args and **kwargs hold", () =>
    blocks(`
import requests, time
from typing import Awaitable, Callable, TypeVar
S = TypeVar("S", bound=requests.Session)
Either = TypeVar("Either", requests.Session, "requests.Session")
T = TypeVar("T")
async def main(a: S, b: Either, c: T, make: Callable[[], requests.Session], later: Callable[..., Awaitable[requests.Session]]):
    a.get("x")  # !
    b.get("x")  # !
    c.get("x")
    make().get("x")  # !
    (await later()).text
def sleeper(seconds) -> Callable[[], requests.Session]:
    def inner(): time.sleep(seconds)
    return inner
def retried(times: int) -> Callable[[T], T]:
    def decorate(fn):
        def wrapper():
            time.sleep(1)
            return fn()
        return wrapper
    return decorate
@retried(3)
def again(): ...
class Job:
    run: Callable[[], requests.Session]
    def __init__(self):
        self.run = sleeper(1)
        self.stop: Callable[[], requests.Session] = sleeper(2)
    async def main(self):
        self.run()  # !
        self.stop()  # !
async def made():
    sleeper(1)()  # !
    again()  # !
async def many(*sessions: requests.Session, **named: requests.Session):
    for session in sessions:
        session.get("x")  # !
    named["a"].get("x")  # !
    sessions.get("x")
`));

  it("are what a framework injects", () =>
    blocks(`
import requests
from fastapi import Depends, FastAPI
app = FastAPI()
class Client:
    def __init__(self): self.session = requests.Session()
    def fetch(self): return self.session.get("x")
def client(): return Client()
def closing():
    made = Client()
    yield made
async def later(): return Client()
async def nothing(): ...
@app.get("/")
async def route(a=Depends(client), b=Depends(closing), c=Depends(later), d=Depends(nothing)):
    a.fetch()  # !
    b.fetch()  # !
    c.fetch()  # !
    d.fetch()
`));

  it("are entered by an ExitStack, asked for by getattr, and called as what a class made of them", () =>
    blocks(`
import contextlib, time, requests
@contextlib.contextmanager
def managed():
    time.sleep(1)
    yield requests.Session()
@contextlib.asynccontextmanager
async def connected():
    yield requests.Session()
class Timed:
    def __init__(self, fn): self.fn = fn
    def __call__(self, *args):
        time.sleep(1)
        return self.fn(*args)
class Described:
    def __init__(self, fn): self.fn = fn
class InThread:
    def __init__(self, fn): self.fn = fn
    def __call__(self, *args): return time.sleep(1)
@Timed
def timed(): ...
@Described
def described(): time.sleep(1)
@InThread
def offloaded(): time.sleep(1)
class Job:
    def slow(self): time.sleep(1)
    async def run(self, name):
        getattr(self, "slow")()  # !
        getattr(self, name)()
        getattr(self, "missing", None)()
async def main():
    with contextlib.ExitStack() as stack:
        session = stack.enter_context(managed())  # !
        session.get("x")  # !
    async with contextlib.AsyncExitStack() as stack:
        other = await stack.enter_async_context(connected())
        other.get("x")  # !
    timed()  # !
    described()  # !
    offloaded()
`));

  it("are asked for their length or text, and tried again by decorators", () =>
    blocks(`
import time, backoff, tenacity
from tenacity import retry, wait_fixed
class Remote:
    def __len__(self): time.sleep(1); return 3
    def __str__(self): return "remote"
@retry(wait=wait_fixed(2))
def waits(): ...
@retry(stop=3)
def does_not_wait(): ...
@backoff.on_exception(backoff.expo, OSError)
def backs_off(): ...
@retry(wait=wait_fixed(2))
async def waits_well(): ...
async def main(remote: Remote):
    len(remote)  # !
    str(remote)
    waits()  # !
    does_not_wait()
    backs_off()  # !
    await waits_well()
`));
});
