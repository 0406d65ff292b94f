"""The addresses of this part below ``/api/v1/insurance/``."""

from django.urls import path

from insurance.findings import api, self_api

urlpatterns = [
    path("findings/", api.Findings.as_view()),
    path("findings/<str:number>/", api.FindingDetail.as_view()),
    path("findings/<str:number>/proof/", api.FindingProof.as_view()),
    path("findings/<str:number>/rectify/", api.FindingRectify.as_view()),
    path("findings/<str:number>/recheck/", api.FindingRecheck.as_view()),
    path("findings/<str:number>/close/", api.FindingClose.as_view()),
    path("self-checks/", self_api.SelfChecks.as_view()),
]
