"""The routes of the sign-in: ``path("auth/", include("webidentity_django.urls"))``."""

from django.urls import URLPattern, path

from webidentity_django import _views

app_name: str = "webidentity"

urlpatterns: list[URLPattern] = [
    path("sign-in", _views.sign_in, name="sign_in"),
    path("callback", _views.callback, name="callback"),
    path("sign-out", _views.sign_out, name="sign_out"),
]
