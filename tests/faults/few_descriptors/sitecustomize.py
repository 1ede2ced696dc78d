"""Python loads this at its start when this folder is on its path: a machine that lets each process
open few files."""

import resource

resource.setrlimit(resource.RLIMIT_NOFILE, (400, 400))
