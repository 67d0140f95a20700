"""Keyword arguments that credentials take beside their own: those of azure-core's pipelines."""

from collections.abc import Mapping
from typing import Any


def pipeline_options(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the pipeline is built with."""
    options = dict(keywords)
    # Nothing to disable: the token endpoint of every authority is derived, no discovery request is sent.
    options.pop("disable_instance_discovery", None)
    # Nor to enable: personal data goes into no log.
    options.pop("enable_support_logging", None)
    return options
