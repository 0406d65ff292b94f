"""The pages of accountability. They stand before those of the cases, whose verbs would take their addresses."""

from django.urls import path

from accountability import ladder_views, own_views, recheck_views, views

urlpatterns = [
    path("cases/<number:number>/accountability/", views.case, name="case-accountability"),
    path("cases/<number:number>/statements/", views.make_statement, name="case-statements"),
    path("accountability/", views.index, name="accountability"),
    path("accountability/table.csv", views.table, name="accountability-table"),
    path("accountability/rechecks/", recheck_views.rechecks, name="rechecks"),
    path("accountability/rechecks/draw.json", recheck_views.draw_file, name="draw-file"),
    path("accountability/consequences/", ladder_views.listed, name="consequences"),
    path("accountability/consequences/new/", ladder_views.new, name="consequence-new"),
    path("accountability/consequences/<int:pk>/", ladder_views.one, name="consequence"),
    path("accountability/consequences/<int:pk>/minutes/", ladder_views.minutes, name="consequence-minutes"),
    path("accountability/consequences/<int:pk>/<slug:verb>/", ladder_views.act, name="consequence-act"),
    path("accountability/officers/", views.officers, name="officers"),
    path("accountability/officers/<str:username>/", views.officer, name="officer"),
    path("accountability/officers/<str:username>/dossier.csv", views.officer_table, name="officer-table"),
    path("accountability/officers/<str:username>/dossier.pdf", views.officer_paper, name="officer-paper"),
    path("accountability/own/", own_views.listed, name="own"),
    path("accountability/own/<number:number>/", own_views.one, name="own-case"),
]
