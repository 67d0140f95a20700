"""The settings of Django in this process. pytest-django loads them, as pyproject.toml says."""

SECRET_KEY = "a-secret-key-that-each-site-replaces-0123456789"
ALLOWED_HOSTS = ["app.test", "localhost"]
ROOT_URLCONF = "tests.kit.django_project"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "webidentity_django",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "webidentity_django.middleware.IdentityMiddleware",
]
SESSION_ENGINE = "django.contrib.sessions.backends.cache"
LOGGING_CONFIG = None
