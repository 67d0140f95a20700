"""The Django application."""

from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.core.signals import setting_changed


class WebIdentityConfig(AppConfig):
    """Registers the system checks."""

    name = "webidentity_django"
    # Any: the type that django-stubs declares is private.
    verbose_name: Any = "Microsoft Entra ID"

    def ready(self) -> None:
        """Register what Django calls later."""
        from webidentity_django.checks import check_settings
        from webidentity_django.conf import forget_site

        checks.register(check_settings, checks.Tags.security)
        setting_changed.connect(forget_site, dispatch_uid="webidentity")
