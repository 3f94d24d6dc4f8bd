"""Sending objects between the loader's process and its workers, with one copy of the tensors' data.

An object is pickled. The pickle, and each large array of it, goes into a file that has no name and lies in memory
(memfd); what passes through the socket are the descriptors of these files. The receiver maps the files of the arrays,
so its tensors are what the sender wrote, and a mapping goes when its tensor does. Nothing can be left behind in
/dev/shm: a file without a name is gone with its last descriptor and mapping, however the processes end. And since a
message is one byte long, whatever it carries, two processes that send to each other do not block each other.
"""

from __future__ import annotations

import io
import mmap
import os
import pickle
import socket
import tempfile
from contextlib import ExitStack
from typing import Any

from minitorch.autograd.variable import Variable

MESSAGE = b"\0"
LARGE = 1 << 16  # bytes of an array from which mapping it is quicker than copying it
MOST_FILES = 253  # descriptors that one message may carry on Linux


class _Pickler(pickle.Pickler):
    """Refuses tensors that have a history, which would stay behind."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, Variable) and obj.requires_grad and not obj.is_leaf:
            raise RuntimeError(
                "Cowardly refusing to serialize non-leaf tensor which requires_grad, since autograd does not support crossing "
                "process boundaries.  If you just want to transfer the data, call detach() on the tensor before serializing "
                "(e.g., putting it on the queue)."
            )
        return NotImplemented


class Package:
    """A pickled object, ready to be sent.

    Raises:
        whatever pickling raises; OSError when there is no memory left for the files.
    """

    def __init__(self, value: object) -> None:
        self._descriptors: list[int] = []
        with ExitStack() as files:  # closes them all when something fails
            arrays: list[memoryview] = []

            def keep_in_stream(buffer: pickle.PickleBuffer) -> bool:
                memory = buffer.raw()
                if memory.nbytes < LARGE or len(arrays) == MOST_FILES - 1:
                    return True
                arrays.append(memory)
                return False

            stream = io.BytesIO()
            _Pickler(stream, protocol=5, buffer_callback=keep_in_stream).dump(value)
            contents: list[bytes | memoryview] = [stream.getvalue(), *arrays]
            for content in contents:
                file = files.enter_context(_anonymous_file())
                file.write(content)
                file.seek(0)  # also writes what is buffered; the receiver reads from the same position
                self._descriptors.append(file.fileno())
            self._files = files.pop_all()

    def send(self, channel: socket.socket) -> None:
        """Sends the object; the files are then the receiver's.

        Raises:
            ConnectionError: the other end is closed.
        """
        with self._files:
            socket.send_fds(channel, [MESSAGE], self._descriptors)


def receive(channel: socket.socket) -> Any:
    """The next object from the other end; waits for it.

    Raises:
        ConnectionError: the other end is closed.
        RuntimeError: this process has no file descriptor left.
    """
    message, descriptors, flags, _ = socket.recv_fds(channel, len(MESSAGE), MOST_FILES)
    with ExitStack() as files:
        opened = [files.enter_context(open(descriptor, "rb", buffering=0)) for descriptor in descriptors]
        if not message:
            raise ConnectionResetError("the other end of the channel is closed")
        if flags & socket.MSG_CTRUNC:
            raise RuntimeError(
                "Too many open files. Communication with the workers is no longer possible. "
                "Please increase the limit using `ulimit -n` in the shell"
            )
        stream, *arrays = opened
        return pickle.loads(stream.readall(), buffers=[_content(file) for file in arrays])


def _anonymous_file() -> io.BufferedIOBase:
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("minitorch-batch"), "w+b")
    return tempfile.TemporaryFile()


def _content(file: io.FileIO) -> mmap.mmap | bytearray:
    """The file's bytes: mapped, or copied where descriptors (a mapping holds one) are running out."""
    lowest_free = os.dup(file.fileno())
    os.close(lowest_free)
    if lowest_free < os.sysconf("SC_OPEN_MAX") // 2:
        return mmap.mmap(file.fileno(), 0)
    content = bytearray(os.fstat(file.fileno()).st_size)
    file.readinto(content)
    return content
