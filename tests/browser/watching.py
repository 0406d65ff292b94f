"""What must not happen behind a page."""

from playwright.sync_api import ConsoleMessage, Page, Request, Response


class Watch:
    """Faults of all pages it is set over: script errors, failed requests, refusals nobody expected, other hosts."""

    def __init__(self, address: str):
        self.address = address
        self.faults: list[str] = []
        # Statuses of pages and answers that the test asks for, such as 404 for a case of another street.
        self.expected: set[int] = set()

    def over(self, page: Page) -> None:
        """Listen to ``page``."""
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on("console", self._said)
        page.on("request", self._asked)
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)
        page.on("websocket", lambda socket: self._where(socket.url.replace("ws", "http", 1)))

    def _said(self, message: ConsoleMessage) -> None:
        # What a status means is judged below, with the address it belongs to.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.faults.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")):
            self._where(request.url)

    def _where(self, url: str) -> None:
        if not url.startswith(self.address + "/"):
            self.faults.append(f"elsewhere: {url}")

    def _failed(self, request: Request) -> None:
        # Leaving a page breaks off what it was still asking for.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"failed: {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        asked_for = response.status in self.expected and response.request.resource_type in ("document", "fetch")
        if response.status >= 400 and not asked_for:
            self.faults.append(f"{response.status}: {response.url}")
