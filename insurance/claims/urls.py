"""The pages of this part."""

from django.urls import path

from insurance.claims import views

urlpatterns = [
    path("claims/", views.claims, name="claims"),
    path("claims/notice/", views.notice, name="claim-notice"),
    path("claims/papers/<int:pk>/", views.paper, name="claim-paper"),
    path("claims/<str:number>/", views.claim, name="claim"),
    path("claims/<str:number>/papers/", views.give, name="claim-give"),
    path("claims/<str:number>/<slug:verb>/", views.press, name="claim-verb"),
]
