"""The main job in one command, the replay of real orders, and the measurements; each runs by itself
as `python -m benchmarks.NAME`."""
