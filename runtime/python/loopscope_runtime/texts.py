"""The strings that records name, on their way to the wire."""

from . import labels, state, wire

FRAME = 5000  # strings that make a frame
FEW = 1000  # strings that a loop stops to send: it leaves more of them to the drain thread


def are_at_hand():
    """Whether `bodies` would be quick: there are few strings, no source is to be read, no code of the program to be asked."""
    if len(state.strings) > FEW:
        return False
    return all([type(value) is str or labels.is_known(value) for value in list(state.strings.values())])


def bodies():
    """Takes the strings there are: bodies of `strings` frames."""
    ids = sorted(list(state.strings))
    for i in range(0, len(ids), FRAME):
        for part in strings(ids[i : i + FRAME]):
            yield part.encode()


def text_of(value):
    """What `state.text` was given, as a string: code of the program may run here."""
    if isinstance(value, str):
        return value
    try:
        return labels.resolve(*value) if type(value) is tuple else str(value)
    except Exception:
        return ""


def strings(ids):
    """Takes the strings with these ids, in order: the bodies of `strings` frames, one for each run of consecutive ids."""
    values = [state.strings.pop(i, "") for i in ids]
    if set(map(type, values)) != {str}:
        values = list(map(text_of, values))
    texts = list(map(wire.quote, values))
    parts = []
    at = 0
    while at < len(ids):
        end = len(ids)
        if ids[-1] - ids[at] != end - 1 - at:  # there is a gap
            end = at + 1
            while end < len(ids) and ids[end] == ids[end - 1] + 1:
                end += 1
        parts.append("[%d,%s]" % (ids[at], ",".join(texts[at:end])))
        at = end
    return parts
