"""The pages of firms."""

from django.urls import path

from insurance.firms import act_views, views

urlpatterns = [
    path("firms/", views.purchase_list, name="firms"),
    path("firms/list.xlsx", views.workbook, name="firms-workbook"),
    path("firms/new/", views.new, name="firm-new"),
    path("firms/complaints/", act_views.complained, name="firm-complaints"),
    path("firms/<int:pk>/", views.firm, name="firm"),
    path("firms/<int:pk>/<slug:act>/", act_views.on_firm, name="firm-act"),
    path("firms/licences/<int:pk>/<slug:act>/", act_views.on_licence, name="firm-licence"),
    path("firms/people/<int:pk>/<slug:act>/", act_views.on_person, name="firm-person"),
    path("firms/measures/<int:pk>/<slug:act>/", act_views.on_measure, name="firm-measure"),
    path("firms/complaints/<int:pk>/<slug:act>/", act_views.on_complaint, name="firm-complaint"),
]
