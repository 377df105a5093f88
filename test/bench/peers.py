"""Other tools in the same benchmark: what is executed before the workload, in its process. Those that are not installed are left out."""

PREAMBLES = {
    # asyncio's own debug mode is an environment variable: see runtime.py.
    "debug": "import asyncio",
    "proxy": """
import asyncio, collections.abc, types
class Proxy(collections.abc.Coroutine):
    def __init__(self, coro):
        self.coro = coro
    def send(self, value):
        result = self.coro.send(value)
        awaited = self.coro.cr_await
        while isinstance(awaited, types.CoroutineType):
            frame = awaited.cr_frame
            awaited = awaited.cr_await
        return result
    def throw(self, *exc):
        return self.coro.throw(*exc)
    def close(self):
        return self.coro.close()
    def __await__(self):
        return self
    __iter__ = __await__
    def __next__(self):
        return self.send(None)
new_event_loop = asyncio.new_event_loop
def traced_loop():
    loop = new_event_loop()
    loop.set_task_factory(lambda loop, coro, **kw: asyncio.Task(Proxy(coro), loop=loop, **kw))
    return loop
asyncio.new_event_loop = traced_loop
""",
    "setprofile": """
import sys
sys.setprofile(lambda frame, event, arg: None)
""",
    "viztracer": """
import viztracer
tracer = viztracer.VizTracer(log_async=True, verbose=0, tracer_entries=1000000)
tracer.start()
""",
    "aiomonitor": """
import asyncio, aiomonitor
new_event_loop = asyncio.new_event_loop
def traced_loop():
    loop = new_event_loop()
    monitor = aiomonitor.Monitor(loop, termui_port=0, webui_port=0, console_enabled=False, hook_task_factory=True)
    monitor.start()
    close = loop.close
    def closing():
        monitor.close()
        close()
    loop.close = closing
    return loop
asyncio.new_event_loop = traced_loop
""",
    "pyinstrument": """
import pyinstrument
profiler = pyinstrument.Profiler(async_mode="enabled")
profiler.start()
""",
    "yappi": """
import yappi
yappi.set_clock_type("cpu")
yappi.start()
""",
}
