"""The Django site."""

from demo_site.django_site.project import create_wsgi as create_wsgi
