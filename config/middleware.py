"""What every request carries."""

import re
import uuid

import structlog
from django.http import HttpRequest, HttpResponse

from responsibility import acting

SAFE = re.compile(r"^[A-Za-z0-9._-]{8,64}$")


class RequestId:
    """Name each request, so that log lines and ledger entries of one act can be laid side by side."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if SAFE.match(given) else uuid.uuid4().hex
        structlog.contextvars.bind_contextvars(request_id=request_id)
        with acting.request(request_id):
            response = self.get_response(request)
        structlog.contextvars.unbind_contextvars("request_id")
        response["X-Request-Id"] = request_id
        return response
