"""``python -m holdfast.adapters NAME ...``, which is the command `holdfast-adapter`."""

from holdfast.adapters.runner import main

main()
