"""Tables out and in."""

from django.urls import path

from responsibility.exchange import views

urlpatterns = [
    path("", views.index, name="exchange"),
    path("uploads/<uuid:chain>/", views.upload, name="exchange-upload"),
    path("uploads/<uuid:chain>/apply/", views.apply, name="exchange-apply"),
    path("uploads/<uuid:chain>/report.csv", views.sheet, name="exchange-sheet"),
    path("<str:name>/", views.table, name="exchange-table"),
    path("<str:name>/template.xlsx", views.template, name="exchange-template"),
    path("<str:name>/export.<str:form>", views.export, name="exchange-export"),
]
