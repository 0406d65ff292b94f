"""The addresses of this part below ``/api/v1/insurance/``."""

from django.urls import path

from insurance.claims import api

urlpatterns = [
    path("claims/", api.Claims.as_view()),
    path("claims/papers/<int:pk>/", api.ClaimPaper.as_view()),
    path("claims/<str:number>/", api.ClaimOne.as_view()),
    path("claims/<str:number>/papers/", api.ClaimPapers.as_view()),
    path("claims/<str:number>/<slug:verb>/", api.ClaimVerb.as_view()),
]
