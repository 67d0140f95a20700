"""A project that has forgotten the routes of the sign-in."""

urlpatterns: list[object] = []
