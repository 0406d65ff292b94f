"""The addresses of this part below ``/api/v1/insurance/``."""

from django.urls import path

from insurance.policies import api

urlpatterns = [
    path("policies/", api.Policies.as_view()),
    path("policies/<int:pk>/", api.PolicyDetail.as_view()),
    path("policies/<int:pk>/premiums/", api.PolicyPremiums.as_view()),
    path("policies/<int:pk>/endorsements/", api.PolicyEndorsements.as_view()),
]
