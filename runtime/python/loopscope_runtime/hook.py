"""Instruments a module right after the program imports it, so that the recorder itself imports nothing of asyncio."""

import sys

IMPORT_SYSTEM = "<frozen importlib._bootstrap_external>"  # what CPython knows its frames by


class unhidden:
    """While it is entered, the recorder can import its own modules, though the program cannot see them."""

    def __enter__(self):
        package = __package__
        self.hide = package not in sys.modules
        if self.hide:
            sys.modules.update(hidden)

    def __exit__(self, *exc):
        if self.hide:
            hide()


hidden = {}  # the recorder's modules, by name, when they are not in sys.modules


def hide():
    """Takes the recorder's modules out of sys.modules."""
    for name in [m for m in sys.modules if m.partition(".")[0] == __package__]:
        hidden[name] = sys.modules.pop(name)
    sys.__spec__.loader_state = hidden  # where another copy of this package would look for the first
    for path in getattr(hidden.get(__package__), "__path__", ()):  # none if its import failed
        sys.path_importer_cache.pop(path, None)


def act(action, module):
    """Whatever is wrong with the recorder, the program's import goes on, and the program without us."""
    try:
        action(module)
    except Exception as exc:
        with unhidden():
            from . import state
        state.note("tracing was switched off: %s could not be traced: %s: %s" % (module.__name__, type(exc).__name__, exc))
        state.switch_off()


class ImportHook:
    """A meta-path finder that finds nothing itself: it lets the others find the module, and wraps its loader's execution."""

    def __init__(self):
        self.waiting = {}  # module name -> what to call with the module

    def when_imported(self, name, action):
        module = sys.modules.get(name)
        if module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False):
            act(action, module)
            return
        self.waiting[name] = action
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def cancel(self):
        """Nothing more is waited for."""
        self.waiting.clear()
        if self in (sys.meta_path or ()):  # there is none at the end of the interpreter
            sys.meta_path.remove(self)

    def found(self, name):
        """A module is being executed; until then it may be looked for any number of times, as `python -m` does of a package."""
        self.waiting.pop(name, None)
        if not self.waiting and self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(self, name, path=None, target=None):
        action = self.waiting.get(name)
        if action is None:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                break
        else:
            return None
        loader = spec.loader
        run = getattr(loader, "exec_module", None)
        if run is None or isinstance(loader, type) or getattr(run, "_loopscope", None) is self:
            return spec

        def exec_module(module):
            if getattr(module, "__name__", None) != name:  # the loader is one for many modules, and this one was only looked for
                return run(module)
            vars(loader).pop("exec_module", None)
            wanted = self.waiting.get(name) is action
            self.found(name)
            run(module)
            if wanted:
                act(action, module)

        # Frames of the import system are left out of the traceback of a module that raises, and this is one.
        exec_module.__code__ = exec_module.__code__.replace(co_filename=IMPORT_SYSTEM)
        exec_module._loopscope = self
        try:
            loader.exec_module = exec_module
        except AttributeError:
            pass
        return spec
