"""Open screens hear of a change, whoever made it."""

import asyncio
import os
import subprocess
import sys

import pytest
from channels.layers import get_channel_layer
from django.conf import settings

from cases import board


def test_a_process_that_ends_at_once_still_tells_the_screens():
    async def heard() -> dict:
        layer = get_channel_layer()
        screen = await layer.new_channel()
        await layer.group_add(board.DISTRICT, screen)
        code = "import django; django.setup(); from cases import board; board.nudge({board.DISTRICT})"
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, cwd=settings.BASE_DIR, env=environment, stderr=subprocess.PIPE
        )
        _out, err = await child.communicate()
        assert child.returncode == 0, err.decode()
        return await asyncio.wait_for(layer.receive(screen), 10)

    assert asyncio.run(heard()) == {"type": "changed"}


@pytest.mark.django_db
def test_nothing_is_said_when_nothing_changed(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as said:
        board.changed([], {})
    assert said == []
