"""Names for objects, from the source line that made them: `self.accounts = asyncio.Lock()` is Lock 'accounts'."""


def resolve(code, line):
    """The variable a source line assigns to, or ""; read by the drain thread, not by the program."""
    import linecache

    source = linecache.getline(code.co_filename, line).strip()
    target, equals, _ = source.partition("=")
    if not equals or "(" in target:
        return ""
    name = target.split(":")[0].strip().rpartition(".")[2]
    return name if name.isidentifier() else ""
