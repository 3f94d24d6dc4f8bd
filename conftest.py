"""What pytest passes over: the kernels of GPUs cannot be imported without numba-cuda."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("numba_cuda") else ["minitorch/kernels/cuda/*"]
