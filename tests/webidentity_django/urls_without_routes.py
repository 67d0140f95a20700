"""A project that does not include the routes of the sign-in."""

urlpatterns: list[object] = []
