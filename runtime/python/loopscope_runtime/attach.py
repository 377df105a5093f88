"""What a request to the control socket does: begins a recording for a listener, and ends it."""

from . import state, tracing

recording = None  # the Recording that a request began


def obey(request):
    """The answer, a dictionary, to a request."""
    command = request.get("command")
    if command == "attach":
        return begin(request)
    if command == "detach":
        return end()
    if command == "status":
        return {"ok": True, "recording": tracing.current is not None}
    return {"error": "there is no command %r" % command}


def begin(request):
    global recording
    if tracing.current is not None:
        return {"error": "this process is being recorded already"}
    try:
        recording = tracing.begin(
            request["channel"],
            request["channelToken"],
            int(float(request.get("blockMs") or 50) * 1e6),
            request.get("detail") or "full",
            attached=True,
        )
    except (OSError, ValueError, KeyError) as exc:
        return {"error": "the listener cannot be reached: %s" % exc}
    held = [adoption.settle() for adoption in recording.loops]
    if any(held):
        recording.pump.sampled.look(recording.pump)
    recording.pump.flush(True)
    return {"ok": True, "loops": len(held), "held": sum(held), "tasks": sum(a.tasks for a in recording.loops), "notes": list(state.notes)}


def end():
    if recording is None or tracing.current is not recording:
        return {"error": "this process is not being recorded for anybody who attached"}
    recording.end()
    return {"ok": True}
