/** Methods that are called without being named: by operators, conditions, f-strings and builtins. */
import { checks } from "./rules/check";

const blocks = (text: string) => checks("blocking-*", text);

describe("methods that are not named", () => {
  it("are those of operators", () =>
    blocks(`
import time
class Slow:
    def __add__(self, other): time.sleep(1)
    def __radd__(self, other): time.sleep(1)
    def __isub__(self, other): time.sleep(1)
    def __eq__(self, other): return open("x")
    def __lt__(self, other): time.sleep(1)
    def __neg__(self): time.sleep(1)
    def __matmul__(self, other): time.sleep(1)
class Quick:
    def __add__(self, other): return self
    def __eq__(self, other): return True
async def main(a: Slow, b: Slow, c: Quick, n: int):
    a + b  # !
    1 + a  # !
    a += b  # !
    a -= b  # !
    a == b  # !
    a != b  # !
    a < n  # !
    -a  # !
    a @ b  # !
    c + a
    c == a
    a > n
    a * b
    a is b
    ~a
    n + n
`));

  it("are those that conditions ask", () =>
    blocks(`
import time
from app.models import Thing
from django.db import models
class Lazy:
    def __bool__(self): time.sleep(1)
class Rows:
    def __len__(self): return len(open("x").read())
class Both:
    def __bool__(self): return True
    def __len__(self): return len(open("x").read())
class Book(models.Model): ...
async def main(a: Lazy, b: Rows, c: Both, n: int, found: Lazy | None):
    if a:  # !
        pass
    elif b:  # !
        pass
    while a:  # !
        break
    assert b  # !
    x = n if a else 2  # !
    y = a and n  # !
    z = n or b
    if n and b:  # !
        pass
    if not a:  # !
        pass
    [i for i in range(3) if a]  # !
    if c or n:
        pass
    if found:  # !
        pass
    if a is None or n:
        pass
    books = Book.objects.filter(id=1)
    if books:  # !
        pass
    if Book.objects.filter(id=1).exclude(id=2):  # !
        pass
`));

  it("are those of texts made of objects, and of attributes", () =>
    blocks(`
import time
class Shown:
    def __str__(self): return open("x").read()
    def __repr__(self): return "x"
class Formatted:
    def __format__(self, spec):
        time.sleep(1)
        return ""
class Described:
    def __repr__(self): return open("x").read()
class Stored:
    def __get__(self, of, owner=None): return open("x").read()
class Row:
    name = Stored()
    other = Shown()
    def __init__(self): self.set = Stored()
async def main(a: Shown, b: Formatted, c: Described, row: Row, n: int):
    f"{a}"  # !
    f"{a!r}"
    f"{b:>5} {n}"  # !
    f"x {c!r}"  # !
    print(n, c)  # !
    format(b)  # !
    str(a)  # !
    row.name  # !
    row.other
    row.set
`));

  it("are those that give an attribute nobody has, and the next of what is taken apart", () =>
    blocks(`
import time
from elsewhere import Base
class Remote:
    known = 1
    def __init__(self): self.set = 1
    def __getattr__(self, name): return open(name).read()
class Half(Base):
    def __getattr__(self, name): return open(name).read()
def chunks():
    yield open("x")
    yield open("y")
def pair():
    return 1, 2
async def main(a: Remote, b: Half):
    a.title  # !
    a.known, a.set
    b.title
    first, second = chunks()  # !
    (first, second) = chunks()  # !
    first, *rest = chunks()  # !
    x, y = pair()
    whole = chunks()
`));
});
