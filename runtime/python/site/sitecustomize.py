"""Found by `site` because the launcher put this folder on PYTHONPATH: starts the recorder, then leaves no trace of itself.

The program must not be able to tell: `sys.path`, `os.environ`, `sys.modules` are put back to what they would have been,
and the user's own `sitecustomize` (if any) is imported in this one's place.
"""


def _begin():
    import _thread
    import os
    import sys

    here = os.path.dirname(os.path.abspath(__file__))
    for listed in [p for p in sys.path if os.path.abspath(p) == here]:
        sys.path.remove(listed)
    sys.path_importer_cache.pop(here, None)
    environ = os.environ
    options = {k: environ[k] for k in list(environ) if k.startswith("LOOPSCOPE_")}
    if not options or not getattr(_thread, "_is_main_interpreter", lambda: True)():
        sys.modules.pop("sitecustomize", None)
        return  # a subinterpreter, which is not traced
    runtime = os.path.dirname(here)
    if not options.get("LOOPSCOPE_FOLLOW"):
        _restore_environment(environ, options)
    sys.path.insert(0, runtime)
    try:
        import loopscope_runtime

        loopscope_runtime.launched(options)
    except Exception:  # whatever is wrong with the recorder, the program must run
        pass
    finally:
        sys.path.remove(runtime)
        sys.path_importer_cache.pop(runtime, None)
        hook = sys.modules.get("loopscope_runtime.hook")
        if hook is not None:
            hook.hide()
        sys.modules.pop("sitecustomize", None)


def _restore_environment(environ, options):
    for name in options:
        del environ[name]
    own = options.get("LOOPSCOPE_PYTHONPATH")
    if own is None:
        environ.pop("PYTHONPATH", None)
    else:
        environ["PYTHONPATH"] = own


_begin()
# `import sitecustomize` goes on to the user's own, or fails as it would have failed without us: `site` ignores
# an ImportError of exactly this name.
__import__("sitecustomize")
