"""The pages of the work."""

from django.urls import path, register_converter

from cases import (
    arbitration_views,
    bundle_views,
    checklist_views,
    command_views,
    desk_views,
    dispatch_views,
    drill_views,
    erasure_views,
    evidence_views,
    order_views,
    share_views,
    urging_views,
    views,
)


class CaseNumber:
    """A case number as it stands in an address."""

    regex = r"[A-Za-z0-9-]{1,40}"

    def to_python(self, value: str) -> str:
        """As written."""
        return value

    def to_url(self, value: str) -> str:
        """As written."""
        return value


register_converter(CaseNumber, "number")

urlpatterns = [
    path("", views.cases, name="worklist"),
    path("cases/<number:number>/", views.case, name="case"),
    path("cases/<number:number>/evidence/", views.prove, name="case-evidence"),
    path("cases/<number:number>/requests/", views.ask, name="case-requests"),
    path("cases/<number:number>/bundle/", bundle_views.bundle, name="case-bundle"),
    path("cases/<number:number>/shares/", share_views.share, name="case-share"),
    path("shares/<int:pk>/revoke/", share_views.revoke, name="share-revoke"),
    path("cases/<number:number>/orders/", order_views.give, name="order-give"),
    path("orders/<int:pk>/<slug:verb>/", order_views.act, name="order-act"),
    path("cases/<number:number>/resources/", dispatch_views.sending, name="case-resources"),
    path("dispatches/<int:pk>/<slug:verb>/", dispatch_views.act, name="dispatch-act"),
    path("cases/<number:number>/command/", command_views.open_command, name="command-open"),
    path("commands/<int:pk>/<slug:verb>/", command_views.act, name="command-act"),
    path("urging/", urging_views.listed, name="urgings"),
    path("cases/<number:number>/urging/", urging_views.issue, name="urging-issue"),
    path("urging/<int:pk>/<slug:verb>/", urging_views.act, name="urging-act"),
    path("cases/<number:number>/advice/", order_views.advise, name="advice"),
    path("advice/<int:pk>/sign/", order_views.sign, name="advice-sign"),
    path("cases/<number:number>/checklist/<int:pk>/", checklist_views.mark, name="checklist-mark"),
    path("cases/<number:number>/ledger/", views.entries, name="case-ledger"),
    path("cases/<number:number>/<slug:verb>/", views.act, name="case-act"),
    path("evidence/<int:pk>/", evidence_views.shared, name="evidence"),
    path("evidence/<int:pk>/thumb/", evidence_views.thumb, name="evidence-thumb"),
    path("evidence/<int:pk>/original/", evidence_views.original, name="evidence-original"),
    path("privacy/", erasure_views.erase, name="privacy"),
    path("requests/", desk_views.desk, name="requests"),
    path("requests/<int:pk>/appeal/", desk_views.appeal, name="request-appeal"),
    path("requests/<int:pk>/", views.decide, name="request-decide"),
    path("board/", views.board, name="board"),
    path("drills/", drill_views.index, name="drills"),
    path("drills/<int:pk>/", drill_views.detail, name="drill"),
    path("drills/<int:pk>/end/", drill_views.end, name="drill-end"),
    path("arbitration/", arbitration_views.desk, name="arbitration"),
    path("arbitration/<int:pk>/row/", arbitration_views.propose, name="arbitration-row"),
    path("matrix/editions/<int:number>/whatif/", arbitration_views.would_move, name="edition-whatif"),
]
