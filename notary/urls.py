"""Checkpoints and witnesses of the ledger."""

from django.urls import path

from notary import views, witness_views

urlpatterns = [
    path("ledger/checkpoints/", views.page, name="checkpoints"),
    path("ledger/checkpoints/witness/", witness_views.page, name="witness"),
    path("ledger/checkpoints/witness/check/", witness_views.check, name="witness-check"),
    path("ledger/checkpoints/witness/checkpoint.txt", witness_views.text, name="witness-text"),
    path("ledger/checkpoints/<slug:act>/", views.manage, name="checkpoints-manage"),
    path("ledger/programs/<str:name>", views.program, name="ledger-program"),
]
