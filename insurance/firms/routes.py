"""The addresses of this part below ``/api/v1/insurance/``."""

from django.urls import path

from insurance.firms import api

urlpatterns = [
    path("firms/", api.Firms.as_view()),
    path("firms/scorecard/", api.Scorecard.as_view()),
]
