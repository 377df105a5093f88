/** Names resolve as Python resolves them. */
import { checks } from "./rules/check";

const blocks = (files: string | Record<string, string>) => checks("blocking-*", files);

describe("names", () => {
  it("through aliases, local imports and shadowing", () =>
    blocks(`
import os.path as p
import time
nap = time.sleep
async def main(time_, sleep):
    nap(1)  # !
    p.exists("x")  # !
    from time import sleep as local
    local(1)  # !
    sleep(1)
async def shadowed(time):
    time.sleep(1)
async def rebound():
    time = object()
    time.sleep(1)
async def not_imported_yet():
    requests.get("https://a.example")  # !
`));

  it("of packages in modules that are called like them", () =>
    blocks({
      "app/tools/redis.py":
        "import redis\nclass Lock:\n    def __init__(self): self.redis = redis.Redis()\n    async def take(self):\n        self.redis.get('x')  # !\n",
      "app/main.py": "from app.tools.redis import Lock\nasync def f():\n    await Lock().take()\n",
      // A package imports its own modules by its name.
      "web/__init__.py":
        "from web.low import slow\nimport web.low\nasync def f():\n    slow()  # !\n    web.low.slow()  # !\n",
      "web/low.py": "import time, web\ndef slow(): time.sleep(1)\nasync def g():\n    web.slow()  # !\n",
    }));

  it("through lazy imports", () =>
    blocks({
      "app.py":
        "lazy import time as t\nlazy from low import slow\nasync def f():\n    t.sleep(1)  # !\n    slow()  # !\n",
      "low.py": "lazy from time import sleep\ndef slow(): sleep(1)\n",
    }));

  it("through re-exports, star imports and relative imports", () =>
    blocks({
      "pkg/__init__.py": "from .low import *\nfrom .low import slow as exported\n",
      "pkg/low.py": "import time\ndef slow(): time.sleep(1)\ndef _hidden(): time.sleep(1)\n",
      "pkg/sub/__init__.py": "",
      "pkg/sub/user.py":
        "from ..low import slow\nfrom .. import exported\nasync def f():\n    slow()  # !\n    exported()  # !\n",
      "app.py": "import pkg\nfrom pkg import *\nasync def f():\n    pkg.exported()  # !\n    slow()  # !\n",
    }));

  it("through annotations, also as strings, Optional and unions", () =>
    blocks(`
from __future__ import annotations
import queue, requests
from pathlib import Path
from typing import Annotated, Optional, Union
class Holder:
    session: "requests.Session"
    def __init__(self, path: Optional[Path]):
        self.path = path
        self.items: "queue.Queue[int]" = make()
async def main(h: Holder, a: "Optional[Path]", b: Union[str, Path], c: Path | None, d: Annotated[Path, 1]):
    h.session.get("x")  # !
    h.path.read_text()  # !
    h.items.get()  # !
    a.read_text()  # !
    b.read_text()  # !
    c.read_text()  # !
    (d / "x").read_text()  # !
`));

  it("keeps functions of one name apart", () =>
    blocks({
      "sync_api.py": "import time\ndef fetch(): time.sleep(1)\n",
      "async_api.py": "async def fetch(): ...\n",
      "app.py":
        "import sync_api, async_api\nasync def f():\n    await async_api.fetch()\n    sync_api.fetch()  # !\n",
    }));
});

describe("a name that is bound to something made of itself", () => {
  it("means what it was before until it is bound", () =>
    blocks(`
from pathlib import Path
import requests
async def main(path: str | Path, folder: Path, session: requests.Session):
    path = Path(path).resolve()  # !
    path.read_text()  # !
    folder = folder / "sub"
    folder.exists()  # !
    folder = folder.parent if folder.name else folder
    folder.exists()  # !
    if (folder := folder.joinpath("x")).exists():  # !
        pass
    for folder in folder.iterdir():  # !
        folder.unlink()  # !
    session = wrapped(session)
    session.get("x")  # !
def wrapped(session): return session or requests.Session()
`));
});
