"""The page of process mining, and the way out of the house."""

from django.urls import path

from mining import views

urlpatterns = [
    path("mining/", views.index, name="mining"),
    path("mining/export/", views.export, name="mining-export"),
]
