import asyncio
import json

import numpy as np
import pytest

from stalstm.runtime import sender
from stalstm.runtime.errors import ServingError

CLIPS = [np.random.default_rng(n).normal(size=(n, 2, 3, 3)) for n in (2, 3)]


@pytest.mark.parametrize("address", ["8765", "localhost:", "localhost:99999"])
def test_an_address_is_a_host_and_a_port(address):
    with pytest.raises(ValueError, match=f"host:port. Received: {address}"):
        sender.serve(address, CLIPS, 15.0)


def test_an_address_of_another_machine_is_an_error():
    with pytest.raises(ServingError, match="an address of this machine"):
        sender.serve("nowhere.invalid:8765", CLIPS, 15.0)


def test_a_page_gets_every_frame_and_the_end_of_every_clip():
    messages = []

    class Page:
        async def send(self, message):
            messages.append(json.loads(message))

    asyncio.run(sender.send(Page(), CLIPS, rate=1000.0))
    assert messages[2] == messages[6] == {"end": True}
    frames = [x["skeleton"] for x in messages if "skeleton" in x]
    np.testing.assert_allclose(frames, np.concatenate(CLIPS), atol=0.00006)
