"""The `holdfast` command: runs a node, and asks and tells one from a terminal."""
