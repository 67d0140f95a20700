"""The URLs of the Django site."""

from django.urls import include, path

from demo_site.django_site import views

urlpatterns = [
    path("", views.home, name="home"),
    path("profile", views.profile, name="profile"),
    path("files", views.files, name="files"),
    path("auth/", include("webidentity_django.urls")),
]

handler404 = views.not_found
handler500 = views.broken
