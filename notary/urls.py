"""Checkpoints and witnesses of the ledger."""

from django.urls import path

from notary import views

urlpatterns = [
    path("ledger/checkpoints/", views.page, name="checkpoints"),
    path("ledger/checkpoints/<slug:act>/", views.manage, name="checkpoints-manage"),
    path("ledger/programs/<str:name>", views.program, name="ledger-program"),
]
