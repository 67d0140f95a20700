"""Keyword arguments that credentials take beside their own: those of azure-core's pipelines."""

from collections.abc import Mapping
from typing import Any


def pipeline_options(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the pipeline is built with.

    :raises TypeError: an option of azure-identity that this version does not have; ignoring it would store tokens
        elsewhere than the caller asked.
    """
    options = dict(keywords)
    # Nothing to disable: the token endpoint of every authority is derived, no discovery request is sent.
    options.pop("disable_instance_discovery", None)
    if options.pop("cache_persistence_options", None) is not None:
        raise TypeError(
            "cache_persistence_options is not available in this version: pass token_cache=TokenCache(store, keys) from "
            "webidentity.cache to keep tokens beyond this process"
        )
    return options
