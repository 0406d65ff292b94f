"""The socket of an open screen: it is told that something changed, never what."""

import asyncio

from asgiref.sync import sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from cases import board
from cases.models import Case
from responsibility import access, acting, directory

# A socket keeps the rights it had when it was opened, so it does not live long; the page reconnects.
LIFETIME_SECONDS = 3600


class BoardConsumer(AsyncJsonWebsocketConsumer):
    """``/ws/board/`` (worklist) or ``/ws/board/?case=NUMBER``. Sends ``{"changed": true}``."""

    async def connect(self):
        self.joined = await sync_to_async(self._groups)()
        if not self.joined:
            await self.close(code=4401)
            return
        for group in self.joined:
            await self.channel_layer.group_add(group, self.channel_name)
        await self.accept()
        self.ending = asyncio.get_running_loop().call_later(
            LIFETIME_SECONDS, lambda: asyncio.ensure_future(self.close(code=4408))
        )

    def _groups(self) -> list[str]:
        user = self.scope["user"]
        if not user.is_authenticated:
            return []
        actor = acting.of(user)
        asked = self.scope["query_string"].decode("ascii", "replace").split("&")
        query = dict(pair.partition("=")[::2] for pair in asked)
        units = directory.current().units
        if "case" in query:
            seen = Case.objects.visible_to(actor, units).filter(number=query["case"]).exists()
            groups = [board.case_group(query["case"])] if seen else []
        elif access.everywhere(actor, "case.read"):
            groups = [board.DISTRICT]
        else:
            groups = [board.unit_group(unit) for unit in access.units(actor, "case.read", units)]
        return [*groups, board.session_group(self.scope["session"].session_key)] if groups else []

    async def disconnect(self, code):
        if hasattr(self, "ending"):
            self.ending.cancel()
        for group in self.joined:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(self, text_data=None, bytes_data=None, **kwargs):
        """Nothing is taken from a screen here, so nothing is read either."""

    async def changed(self, event):
        """Pass the nudge on."""
        await self.send_json({"changed": True})

    async def left(self, event):
        """The reader has signed out."""
        await self.close(code=4401)
