"""The addresses of this part below ``/api/v1/insurance/``."""

from django.urls import path

from insurance.policies import api, assent_api

urlpatterns = [
    path("policies/", api.Policies.as_view()),
    path("policies/confirm/", assent_api.PoliciesConfirm.as_view()),
    path("policies/decline/", assent_api.PoliciesDecline.as_view()),
    path("policies/<int:pk>/remind/", assent_api.PolicyReminder.as_view()),
    path("policies/<int:pk>/", api.PolicyDetail.as_view()),
    path("policies/<int:pk>/premiums/", api.PolicyPremiums.as_view()),
    path("policies/<int:pk>/endorsements/", api.PolicyEndorsements.as_view()),
]
