"""The auditors' desk."""

from django.urls import path

from desk import views

urlpatterns = [
    path("desk/", views.index, name="desk"),
    path("desk/table.csv", views.table, name="desk-table"),
    path("desk/questions/", views.keep, name="desk-questions"),
    path("desk/questions/<int:pk>/<slug:act>/", views.question, name="desk-question"),
    path("desk/sealed/", views.sealed, name="desk-sealed"),
    path("desk/sealed/<uuid:pk>/file/", views.file, name="desk-file"),
]
