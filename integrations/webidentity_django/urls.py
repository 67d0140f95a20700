"""The routes of the sign-in: ``path("auth/", include("webidentity_django.urls"))``."""

from django.urls import URLPattern, path

from webidentity_django import views

app_name = "webidentity"

urlpatterns: list[URLPattern] = [
    path("sign-in", views.sign_in, name="sign_in"),
    path("callback", views.callback, name="callback"),
    path("sign-out", views.sign_out, name="sign_out"),
]
