"""``python -m benchmarks cuda-static``: what is known of the CUDA kernels without a GPU.

*Static* is what compilers make of a kernel; *emulated* is what the interpreter of ``tests/ptx`` counts. Neither is a time.
"""
