"""Every URL of the installation."""

from csp.decorators import csp_update
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from accountability import api as accountability
from alerts import api as alerts
from cases import api as cases
from cases import bundle_api as bundles
from cases import checklist_api as checklists
from cases import command_api as commands
from cases import dispatch_api as dispatches
from cases import drill_api as drills
from cases import order_api as orders
from cases import request_api
from cases import share_api as shares
from cases import urging_api as urgings
from config import health
from desk import api as desk
from mining import api as mining
from notary import api as notary
from resources import api as resources
from responsibility import api as responsibility
from responsibility import edition_api, permissions, roster_api
from retention import api as retention

handler500 = "config.failing.failed"

# The API says 401 by itself; a redirect to the sign-in page would hide it from programs.
v1: list[URLPattern | URLResolver] = [
    path("token/", responsibility.SignIn.as_view()),
    path("alerts/", alerts.Alerts.as_view()),
    path("alerts/cap/", alerts.CapAlerts.as_view()),
    path("alerts/alertmanager/", alerts.AlertmanagerAlerts.as_view()),
    path("readings/", alerts.Readings.as_view()),
    path("heartbeat/", alerts.Heartbeat.as_view()),
    path("cases/", cases.Cases.as_view()),
    path("cases/<str:number>/", cases.CaseDetail.as_view()),
    path("cases/<str:number>/timeline/", cases.CaseTimeline.as_view()),
    path("cases/<str:number>/bundle/", bundles.CaseBundle.as_view()),
    path("cases/<str:number>/evidence/", cases.CaseEvidence.as_view()),
    path("cases/<str:number>/requests/", request_api.CaseRequests.as_view()),
    path("cases/<str:number>/shares/", shares.CaseShares.as_view()),
    path("cases/<str:number>/orders/", orders.CaseOrders.as_view()),
    path("cases/<str:number>/command/", commands.CaseCommand.as_view()),
    path("commands/<int:pk>/change/", commands.CommandChange.as_view()),
    path("commands/<int:pk>/report/", commands.CommandReport.as_view()),
    path("commands/<int:pk>/stand_down/", commands.CommandStandDown.as_view()),
    path("cases/<str:number>/checklist/", checklists.CaseChecklist.as_view()),
    path("cases/<str:number>/checklist/<int:step>/", checklists.ChecklistStep.as_view()),
    path("cases/<str:number>/kit/", dispatches.CaseKit.as_view()),
    path("cases/<str:number>/dispatches/", dispatches.CaseDispatches.as_view()),
    path("dispatches/<int:pk>/<str:verb>/", dispatches.DispatchVerb.as_view()),
    path("drills/", drills.Drills.as_view()),
    path("drills/<int:pk>/", drills.DrillDetail.as_view()),
    path("drills/<int:pk>/end/", drills.DrillEnd.as_view()),
    path("resources/", resources.Resources.as_view()),
    path("resources/<str:code>/keep/", resources.ResourceKeep.as_view()),
    path("urgings/", urgings.Urgings.as_view()),
    path("urgings/<int:pk>/reply/", urgings.UrgingReply.as_view()),
    path("urgings/<int:pk>/lift/", urgings.UrgingLift.as_view()),
    path("cases/<str:number>/urgings/", urgings.CaseUrgings.as_view()),
    path("cases/<str:number>/advice/", orders.CaseAdvice.as_view()),
    path("orders/", orders.OwedOrders.as_view()),
    path("orders/<int:pk>/<str:verb>/", orders.OrderVerb.as_view()),
    path("advice/<int:pk>/sign/", orders.AdviceSigning.as_view()),
    path("shares/<int:pk>/revoke/", shares.GrantRevocation.as_view()),
    path("cases/<str:number>/accountability/", accountability.CaseAccountability.as_view()),
    path("cases/<str:number>/statements/", accountability.CaseStatements.as_view()),
    path("cases/<str:number>/<str:verb>/", cases.CaseVerb.as_view()),
    path("requests/<int:pk>/appeal/", request_api.RequestAppeal.as_view()),
    path("requests/<int:pk>/<str:decision>/", request_api.RequestDecision.as_view()),
    path("matrix/owner/", responsibility.Owner.as_view()),
    path("matrix/editions/", edition_api.Editions.as_view()),
    path("matrix/editions/<int:number>/", edition_api.EditionDetail.as_view()),
    path("ledger/", responsibility.Ledger.as_view()),
    path("ledger/checkpoint/", notary.LatestCheckpoint.as_view()),
    path("ledger/consistency/", notary.Consistency.as_view()),
    path("ledger/entries/<int:pk>/proof/", notary.EntryProof.as_view()),
    path("ledger/keys/", notary.Keys.as_view()),
    path("ledger/cosign/", notary.Cosign.as_view()),
    path("desk/entries/", desk.Entries.as_view()),
    path("retention/", retention.Retention.as_view()),
    path("retention/periods/", retention.Periods.as_view()),
    path("retention/holds/", retention.Holds.as_view()),
    path("retention/holds/<int:pk>/lift/", retention.HoldEnd.as_view()),
    path("roster/", roster_api.Roster.as_view()),
    path("mining/ocel/", mining.MiningOcel.as_view()),
    path("mining/xes/", mining.MiningXes.as_view()),
    path("mining/conformance/", mining.MiningConformance.as_view()),
    path("mining/times/", mining.MiningTimes.as_view()),
    path("insurance/", include("insurance.policies.routes")),
    path("insurance/", include("insurance.firms.routes")),
    path("insurance/", include("insurance.service.routes")),
    path("insurance/", include("insurance.findings.routes")),
    path("insurance/", include("insurance.claims.routes")),
    path("insurance/", include("insurance.portals.routes")),
    path("permissions/", permissions.Permissions.as_view()),
]


def _open_to_programs(routes) -> None:
    for route in routes:
        if isinstance(route, URLPattern):
            route.callback = login_not_required(route.callback)
        else:
            _open_to_programs(route.url_patterns)


_open_to_programs(v1)

# Swagger UI writes its own style elements.
docs = csp_update({"style-src": ["'unsafe-inline'"]})(SpectacularSwaggerSplitView.as_view(url_name="schema"))

urlpatterns = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("metrics", health.metrics),
    path("api/v1/", include(v1)),
    path("api/schema/", login_not_required(SpectacularAPIView.as_view()), name="schema"),
    path("api/docs/", login_not_required(docs)),
    path("admin/", admin.site.urls),
    path("", include("responsibility.urls")),
    path("", include("notary.urls")),
    path("", include("notices.urls")),
    path("", include("handbook.urls")),
    path("", include("alerts.urls")),
    path("", include("resources.urls")),
    path("", include("accountability.urls")),
    path("", include("mining.urls")),
    path("", include("desk.urls")),
    path("insurance/", include("insurance.policies.urls")),
    path("insurance/", include("insurance.firms.urls")),
    path("insurance/", include("insurance.service.urls")),
    path("insurance/", include("insurance.findings.urls")),
    path("insurance/", include("insurance.claims.urls")),
    path("insurance/", include("insurance.portals.urls")),
    path("", include("retention.urls")),
    path("", include("cases.urls")),
]
