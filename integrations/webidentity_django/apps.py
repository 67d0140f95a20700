"""The Django application."""

from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.core.signals import setting_changed


class WebIdentityConfig(AppConfig):
    """The application to add to INSTALLED_APPS. Registers the system checks."""

    name: str = "webidentity_django"
    # Any: the type that django-stubs declares is private.
    verbose_name: Any = "Microsoft Entra ID"

    def ready(self) -> None:
        """Register the system checks, and forget the site when a test overrides its settings."""
        from webidentity_django._checks import check_settings
        from webidentity_django._conf import forget_site

        checks.register(check_settings, checks.Tags.security)
        setting_changed.connect(forget_site, dispatch_uid="webidentity")
