"""The documented network and program in real torch and torchvision, and the comparison with minitorch, step by step.

``network.py`` and ``training.py`` are what a torch user would write; ``python -m reference`` has the commands.
"""
