"""Streams, on which a GPU does what it is given in order, and events, which tell how far it has come.

A stream is chosen for a Python thread. Memory is safe whatever streams use it; that what one stream reads has been written by
another is up to the program, which lets one wait for the other. Streams made here wait for what is on the default stream, and it
for them, which torch's do not.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

from minitorch.cuda.gpu import gpu, index_of
from minitorch.device import device as Device


class Stream:
    """A stream of its own.

    Args:
        device: the GPU.
        priority: taken, and not looked at: all streams have priority 0.

    Raises:
        RuntimeError: there is no GPU.
    """

    __module__ = "torch.cuda.streams"
    __slots__ = ("_before", "_stream")

    def __init__(self, device: Any = None, priority: int = 0) -> None:
        index_of(device, optional=True)
        self._stream = gpu().new_stream()
        self._before: list[Any] = []

    @classmethod
    def _of(cls, stream: Any) -> Stream:
        """A stream of numba's, as one."""
        self = cls.__new__(cls)
        self._stream, self._before = stream, []
        return self

    device = Device("cuda", 0)
    priority = 0

    @property
    def cuda_stream(self) -> int:
        """The stream's address; that of the default stream is 0."""
        return gpu().address_of(self._stream)

    def query(self) -> bool:
        """Whether all is done that was put on the stream."""
        return self.record_event().query()

    def synchronize(self) -> None:
        """Waits until all is done that was put on the stream."""
        gpu().finish(self._stream)

    def record_event(self, event: Event | None = None) -> Event:
        """An event, a new one unless given: that all is done that was put on the stream until now."""
        event = Event() if event is None else event
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        """What is put on the stream from now on waits for an event."""
        event.wait(self)

    def wait_stream(self, stream: Stream) -> None:
        """What is put on the stream from now on waits for what is on another one now."""
        self.wait_event(stream.record_event())

    def __enter__(self) -> Stream:
        self._before.append(gpu().stream)
        gpu().stream = self._stream
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        gpu().stream = self._before.pop()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and self._stream is other._stream

    def __hash__(self) -> int:
        return hash(self._stream)

    def __repr__(self) -> str:
        return f"<torch.cuda.Stream device={self.device} cuda_stream={self.cuda_stream:#x}>"

    def __cuda_stream__(self) -> tuple[int, int]:
        return 0, self.cuda_stream


class ExternalStream(Stream):
    """A stream that another library has, by its address; the library keeps it alive.

    Raises:
        RuntimeError: there is no GPU.
        NotImplementedError: it is numba's simulator, which knows no other streams than its own.
    """

    __module__ = "torch.cuda.streams"
    __slots__ = ()

    def __init__(self, stream_ptr: int, device: Any = None) -> None:
        index_of(device, optional=True)
        self._stream, self._before = gpu().external_stream(stream_ptr), []


class Event:
    """A point on a stream: it has come when all is done that was put there before.

    Args:
        enable_timing: whether the time is taken.
        blocking: taken, and not looked at.
        interprocess: must be false: processes cannot share events.
        external: taken, and not looked at: it is about graphs of kernels, which there are none of.
    """

    __module__ = "torch.cuda.streams"
    __slots__ = ("_event", "_timing")

    def __init__(
        self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False, external: bool = False
    ) -> None:
        if interprocess:
            raise NotImplementedError("events that processes share are not supported")
        self._timing = bool(enable_timing)
        self._event: Any = None  # numba's, from the first record() on

    def record(self, stream: Stream | None = None) -> None:
        """Puts the event on a stream, the current one unless given."""
        on = current_stream() if stream is None else stream
        if self._event is None:
            self._event = gpu().new_event(self._timing)
        gpu().record(self._event, on._stream)

    def wait(self, stream: Stream | None = None) -> None:
        """What is put on a stream from now on waits for the event, if that was ever recorded."""
        on = current_stream() if stream is None else stream
        if self._event is not None:
            gpu().wait(on._stream, self._event)

    def query(self) -> bool:
        """Whether the event has come."""
        return self._event is None or gpu().is_done(self._event)

    def synchronize(self) -> None:
        """Waits until the event has come."""
        if self._event is not None:
            gpu().finish(self._event)

    def elapsed_time(self, end_event: Event) -> float:
        """The time from this event to another one, in milliseconds.

        Raises:
            ValueError: one of them takes no time, was never recorded, or has not come yet.
            NotImplementedError: it is numba's simulator, which takes no time.
        """
        if not isinstance(end_event, Event):
            raise RuntimeError("expected other to be a torch.cuda.Event object")
        both = (self, end_event)
        if not all(each._timing for each in both):
            raise ValueError("Both events must be created with argument 'enable_timing=True'.")
        if not all(each._event is not None for each in both):
            raise ValueError("Both events must be recorded before calculating elapsed time.")
        if not all(each.query() for each in both):
            raise ValueError("Both events must be completed before calculating elapsed time.")
        return gpu().elapsed_time(self._event, end_event._event)

    def __repr__(self) -> str:
        return "<torch.cuda.Event uninitialized>" if self._event is None else f"<torch.cuda.Event {id(self._event):#x}>"


class StreamContext:
    """Within the ``with`` block, a stream is the current one; nothing for ``None``."""

    __module__ = "torch.cuda"

    def __init__(self, stream: Stream | None) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        if self.stream is not None:
            self.stream.__enter__()

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.stream is not None:
            self.stream.__exit__(kind, error, trace)


def stream(stream: Stream | None) -> StreamContext:
    """``with stream(s):`` chooses a stream for what is in the block."""
    return StreamContext(stream)


def set_stream(stream: Stream | None) -> None:
    """Chooses a stream for what this Python thread puts on the GPU from now on; nothing for ``None``."""
    if stream is not None:
        gpu().stream = stream._stream


def current_stream(device: Any = None) -> Stream:
    """The stream that this Python thread puts its work on.

    Raises:
        RuntimeError: there is no GPU.
    """
    found = gpu()
    index_of(device, optional=True)
    return Stream._of(found.stream)


def default_stream(device: Any = None) -> Stream:
    """The stream that work is put on when no other is chosen.

    Raises:
        RuntimeError: there is no GPU.
    """
    found = gpu()
    index_of(device, optional=True)
    return Stream._of(found.default_stream)
