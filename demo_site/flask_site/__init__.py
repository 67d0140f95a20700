"""The Flask site."""

from demo_site.flask_site.app import create_app as create_app
