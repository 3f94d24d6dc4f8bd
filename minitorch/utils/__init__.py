"""What surrounds training: so far, the loading of data (``minitorch.utils.data``)."""
