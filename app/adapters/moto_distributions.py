"""moto's CloudFront, mended where it forgets what it is told, and read into values after each change."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import moto.cloudfront.models as moto_models
from moto.cloudfront.exceptions import CloudFrontException, InvalidIfMatchVersion, NoSuchDistribution
from moto.cloudfront.models import CloudFrontBackend
from moto.core.utils import iso_8601_datetime_with_milliseconds

from app.core.gateway.distribution import Behavior, Distribution, Origin
from app.core.names import Scope

_make_behavior = moto_models.DefaultCacheBehaviour.__init__


def _make_behavior_whole(self: Any, config: Mapping[str, Any]) -> None:
    """moto forgets the functions of a behavior."""
    _make_behavior(self, config)
    for member, name in (
        ("LambdaFunctionAssociations", "lambda_function_associations"),
        ("FunctionAssociations", "function_associations"),
    ):
        items = (config.get(member) or {}).get("Items") or []
        setattr(self, name, {"Quantity": len(items), **({"Items": items} if items else {})})


moto_models.DefaultCacheBehaviour.__init__ = _make_behavior_whole


class _PreconditionFailed(CloudFrontException):  # type: ignore[misc] # moto is not checked
    def __init__(self) -> None:
        super().__init__(
            "PreconditionFailed",
            "The request failed because it didn't meet the preconditions in one or more request-header fields.",
        )


class _NotDisabled(CloudFrontException):  # type: ignore[misc] # moto is not checked
    def __init__(self) -> None:
        super().__init__("DistributionNotDisabled", "The distribution you are trying to delete has not been disabled.")


class _IllegalUpdate(CloudFrontException):  # type: ignore[misc] # moto is not checked
    def __init__(self) -> None:
        super().__init__("IllegalUpdate", "The caller reference of a distribution cannot be changed.")


class Backend(CloudFrontBackend):  # type: ignore[misc] # moto is not checked
    """moto's backend of one account; distributions have names of this service's."""

    def __init__(self, host: str, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._host = host

    def create_distribution_with_tags(self, distribution_config: dict[str, Any], tags: list[dict[str, str]]) -> Any:
        made, location, etag = super().create_distribution_with_tags(distribution_config, tags)
        made.domain_name = f"{made.distribution_id.lower()}.cloudfront.{self._host}"
        made.last_modified_time = iso_8601_datetime_with_milliseconds()
        return made, location, etag

    def update_distribution(self, dist_config: dict[str, Any], _id: str, if_match: Any) -> Any:
        """moto takes any version, and keeps the old one's mark."""
        self._check_version(_id, if_match)
        if dist_config.get("CallerReference") != self.distributions[_id].distribution_config.caller_reference:
            raise _IllegalUpdate
        changed, location, _ = super().update_distribution(dist_config, _id, if_match)
        changed.etag = moto_models.random_id()
        changed.last_modified_time = iso_8601_datetime_with_milliseconds()
        return changed, location, changed.etag

    def delete_distribution(self, distribution_id: str, if_match: Any) -> None:
        self._check_version(distribution_id, if_match)
        if _is_enabled(self.distributions[distribution_id]):
            raise _NotDisabled
        super().delete_distribution(distribution_id, if_match)

    def _check_version(self, distribution_id: str, if_match: Any) -> None:
        if distribution_id not in self.distributions:
            raise NoSuchDistribution
        if not if_match:
            raise InvalidIfMatchVersion
        if if_match != self.distributions[distribution_id].etag:
            raise _PreconditionFailed


def put_in_place(host: str) -> None:
    """Let moto make backends of ours; `host` is the end of distributions' names."""
    moto_models.cloudfront_backends.backend = partial(Backend, host)


# Reading --------------------------------------------------------------------------------------------


def read(backend: Any, scope: Scope) -> tuple[Distribution, ...]:
    """Those of the account that are enabled, on moto's thread."""
    return tuple(_distribution(each, scope) for each in backend.distributions.values() if _is_enabled(each))


def _distribution(distribution: Any, scope: Scope) -> Distribution:
    config = distribution.distribution_config
    origins = {origin.id: _origin(origin) for origin in config.Origins["Items"]}
    behaviors = [*(config.CacheBehaviors.get("Items") or ()), config.DefaultCacheBehavior]
    return Distribution(
        distribution.distribution_id.lower(),
        distribution.distribution_id,
        scope,
        tuple(_behavior(behavior, origins) for behavior in behaviors),
        told_id=distribution.distribution_id,
        root_object=(config.DefaultRootObject or "").removeprefix("/"),
        error_pages={
            int(item["ErrorCode"]): (item["ResponsePagePath"], int(item.get("ResponseCode") or item["ErrorCode"]))
            for item in config.CustomErrorResponses.get("Items") or ()
            if item.get("ResponsePagePath")
        },
    )


def _behavior(behavior: Any, origins: Mapping[str, Origin]) -> Behavior:
    items: Iterable[Mapping[str, Any]] = behavior.lambda_function_associations.get("Items") or ()
    return Behavior(
        getattr(behavior, "path_pattern", "*") or "*",
        origins.get(behavior.target_origin_id, Origin()),
        {item["EventType"]: item["LambdaFunctionARN"] for item in items},
        any(str(item.get("IncludeBody", "")).lower() == "true" for item in items),
        tuple(behavior.allowed_methods.items),
    )


def _origin(origin: Any) -> Origin:
    """A bucket by its own name, or a server; over which protocol the viewer came is plain HTTP here."""
    headers = {item["HeaderName"]: item["HeaderValue"] for item in (origin.custom_headers or {}).get("Items") or ()}
    bucket, dot, _ = str(origin.domain_name).partition(".s3.")
    if dot:
        return Origin(None, bucket, origin.origin_path, headers)
    custom = getattr(origin, "custom_origin_config", None)
    is_https = custom is not None and custom.origin_protocol_policy == "https-only"
    port = (custom.https_port if is_https else custom.http_port) if custom is not None else None
    scheme, usual = ("https", 443) if is_https else ("http", 80)
    ending = "" if ":" in origin.domain_name or int(port or usual) == usual else f":{port}"
    return Origin(f"{scheme}://{origin.domain_name}{ending}", None, origin.origin_path, headers)


def _is_enabled(distribution: Any) -> bool:
    return str(distribution.distribution_config.Enabled).lower() == "true"
