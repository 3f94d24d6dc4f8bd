"""Speed, measured against torch: ``python -m benchmarks step``."""
