"""The room of handbooks."""

from django.urls import path

from handbook import views

urlpatterns = [
    path("handbooks/", views.listing, name="handbooks"),
    path("handbooks/<str:code>/", views.handbook, name="handbook"),
    path("handbooks/<str:code>/draft/", views.draft, name="handbook-draft"),
    path("handbooks/<str:code>/compare/", views.compare, name="handbook-compare"),
    path("handbooks/<str:code>/pdf/", views.printed, name="handbook-pdf"),
    path("handbooks/<str:code>/<int:number>/do/<slug:verb>/", views.act, name="handbook-act"),
    path("handbooks/<str:code>/<int:number>/steps/new/", views.step, name="handbook-step-new"),
    path("handbooks/<str:code>/<int:number>/steps/<int:pk>/", views.step, name="handbook-step"),
]
