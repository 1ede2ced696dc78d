"""The guide's program runs as it is printed."""

import asyncio
import re
import textwrap
from pathlib import Path

from holdfast import Client

from tests.shopify.conftest import Tenant

GUIDE = Path(__file__).parents[2] / "docs" / "shopify.md"


async def test_the_channel_is_set_up_as_the_guide_says(tenant: Tenant) -> None:
    (block,) = re.findall(r" *```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    program = compile(textwrap.dedent(block.rstrip(" ")), GUIDE.name, "exec")
    # In a thread of its own, since the program runs an event loop of its own.
    await asyncio.to_thread(exec, program, {"SERVER": tenant.address, "__name__": "__main__"})
    async with Client(tenant.address) as client:
        update = (await client.channel_availability("web", "MUG")).update
        assert (update.units, [each.units for each in update.locations]) == (9, [9])
        assert update.locations[0].listing is not None
