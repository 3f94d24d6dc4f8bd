"""Speed and memory, measured against torch: ``python -m benchmarks step``. README.md says how."""
