"""证据包 for programs."""

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from cases.api import REFUSALS, Visible
from cases.bundle import exporting
from responsibility import acting


class CaseBundle(Visible):
    """The record of a case, to be checked offline."""

    def perform_content_negotiation(self, request: Request, force: bool = False):
        """Whoever asks for a ZIP is not refused; what is said of a failure is JSON all the same."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(
        operation_id="cases_bundle",
        responses={(200, "application/zip"): OpenApiTypes.BINARY, 404: REFUSALS[404], 409: REFUSALS[409]},
    )
    def get(self, request, number):
        """One ZIP: entries as they were hashed, proofs, signed checkpoint, files, PDF and `verify.py`.

        Masked according to who asks: names, notes and inner opinions are withheld from who sees the case by a grant,
        and the proofs hold without them. The export is written into the ledger.
        """
        case = self.case(number, self.read_by())
        made = exporting.export(case.pk, by=acting.person(request.user))
        return FileResponse(made, as_attachment=True, filename=f"{case.number}.zip", content_type="application/zip")
