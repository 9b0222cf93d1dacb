"""What belongs to functions, call by call: aliases, permissions, layers, mappings, configurations, URLs."""

import json

from tests.aws.terraform.resource import Clients, Values, block, given, read_or_none, retag
from tests.live import until


class Alias:
    """aws_lambda_alias"""

    def __init__(self, client: Clients) -> None:
        self.api = client("lambda")

    def create(self, config: Values) -> str:
        self.api.create_alias(
            Name=config["name"], FunctionName=config["function_name"], FunctionVersion=config["function_version"],
            Description=config.get("description", ""), RoutingConfig=self._routing(config),
        )  # fmt: skip
        return f"{config['function_name']}/{config['name']}"

    def read(self, id_: str) -> Values | None:
        function, _, name = id_.rpartition("/")
        told = read_or_none(
            lambda: self.api.get_alias(FunctionName=function, Name=name), "ResourceNotFoundException"
        )  # fmt: skip
        if told is None:
            return None
        return {
            "name": told["Name"], "function_name": function, "function_version": told["FunctionVersion"],
            "description": told["Description"], "arn": told["AliasArn"],
            "routing_config": block(
                told.get("RoutingConfig"), additional_version_weights="AdditionalVersionWeights"
            ),
        }  # fmt: skip

    def update(self, id_: str, old: Values, new: Values) -> None:
        function, _, name = id_.rpartition("/")
        self.api.update_alias(
            FunctionName=function, Name=name, FunctionVersion=new["function_version"],
            Description=new.get("description", ""), RoutingConfig=self._routing(new),
        )  # fmt: skip
        if not self._routing(new):
            until(
                lambda: (
                    not self.api.get_alias(FunctionName=function, Name=name)
                    .get("RoutingConfig", {})
                    .get("AdditionalVersionWeights")
                )
            )

    def delete(self, id_: str) -> None:
        function, _, name = id_.rpartition("/")
        self.api.delete_alias(FunctionName=function, Name=name)

    def _routing(self, config: Values) -> Values:
        blocks = config.get("routing_config") or []
        return {"AdditionalVersionWeights": blocks[0]["additional_version_weights"]} if blocks else {}


class Permission:
    """aws_lambda_permission; it is never updated, but made anew"""

    def __init__(self, client: Clients) -> None:
        self.api = client("lambda")

    def create(self, config: Values) -> str:
        self.api.add_permission(
            FunctionName=config["function_name"], StatementId=config["statement_id"], Action=config["action"],
            Principal=config["principal"],
            **given(config, SourceArn="source_arn", SourceAccount="source_account", Qualifier="qualifier",
                    EventSourceToken="event_source_token", FunctionUrlAuthType="function_url_auth_type",
                    PrincipalOrgID="principal_org_id", InvokedViaFunctionUrl="invoked_via_function_url"),
        )  # fmt: skip
        return f"{config['function_name']}/{config.get('qualifier', '')}/{config['statement_id']}"

    def read(self, id_: str) -> Values | None:
        function, qualifier, statement_id = id_.split("/")
        asked = {"FunctionName": function} | ({"Qualifier": qualifier} if qualifier else {})
        told = read_or_none(lambda: self.api.get_policy(**asked), "ResourceNotFoundException")
        statements = json.loads(told["Policy"])["Statement"] if told is not None else []
        statement = next((each for each in statements if each["Sid"] == statement_id), None)
        if statement is None:
            return None
        # The provider takes the name and the qualifier from the statement's resource, by its parts.
        parts = statement["Resource"].split(":")
        principal = statement["Principal"]
        if isinstance(principal, dict):
            principal = principal["AWS"] if "AWS" in principal else principal["Service"]
        equals = statement.get("Condition", {}).get("StringEquals", {})
        is_url = statement.get("Condition", {}).get("Bool", {}).get("lambda:InvokedViaFunctionUrl", "")
        return {
            "function_name": parts[6], "qualifier": parts[7] if len(parts) > 7 else "",
            "statement_id": statement["Sid"], "action": statement["Action"], "principal": principal,
            "source_arn": statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", ""),
            "source_account": equals.get("AWS:SourceAccount", ""),
            "event_source_token": equals.get("lambda:EventSourceToken", ""),
            "function_url_auth_type": equals.get("lambda:FunctionUrlAuthType", ""),
            "principal_org_id": equals.get("aws:PrincipalOrgID", ""),
            "invoked_via_function_url": is_url.lower() == "true",
        }  # fmt: skip

    def update(self, id_: str, old: Values, new: Values) -> None:
        self.delete(id_)
        self.create(new)

    def delete(self, id_: str) -> None:
        function, qualifier, statement_id = id_.split("/")
        self.api.remove_permission(
            FunctionName=function, StatementId=statement_id, **({"Qualifier": qualifier} if qualifier else {})
        )


class LayerVersion:
    """aws_lambda_layer_version; what is changed is published anew"""

    def __init__(self, client: Clients) -> None:
        self.api = client("lambda")

    def create(self, config: Values) -> str:
        answer = self.api.publish_layer_version(
            LayerName=config["layer_name"], Content={"ZipFile": config["filename"]},
            Description=config.get("description", ""), LicenseInfo=config.get("license_info", ""),
            **given(config, CompatibleRuntimes="compatible_runtimes",
                    CompatibleArchitectures="compatible_architectures"),
        )  # fmt: skip
        arn: str = answer["LayerVersionArn"]
        return arn

    def read(self, id_: str) -> Values | None:
        _, name, version = id_.rsplit(":", 2)
        told = read_or_none(
            lambda: self.api.get_layer_version(LayerName=name, VersionNumber=int(version)), "ResourceNotFoundException"
        )
        if told is None:
            return None
        return {
            "layer_name": name, "version": version, "arn": told["LayerVersionArn"], "layer_arn": told["LayerArn"],
            "description": told["Description"], "license_info": told.get("LicenseInfo", ""),
            "created_date": told["CreatedDate"], "source_code_hash": told["Content"]["CodeSha256"],
            "source_code_size": told["Content"]["CodeSize"],
            "compatible_runtimes": told.get("CompatibleRuntimes", []),
            "compatible_architectures": told.get("CompatibleArchitectures", []),
        }  # fmt: skip

    def update(self, id_: str, old: Values, new: Values) -> None:
        raise AssertionError("a layer version is replaced")

    def delete(self, id_: str) -> None:
        _, name, version = id_.rsplit(":", 2)
        self.api.delete_layer_version(LayerName=name, VersionNumber=int(version))


class EventSourceMapping:
    """aws_lambda_event_source_mapping"""

    def __init__(self, client: Clients) -> None:
        self.api = client("lambda")

    def create(self, config: Values) -> str:
        answer = self.api.create_event_source_mapping(
            EventSourceArn=config["event_source_arn"], FunctionName=config["function_name"],
            Enabled=config.get("enabled", True), **self._asked(config, set(config)),
            **given(config, Tags="tags"),
        )  # fmt: skip
        until(lambda: self._state(answer["UUID"]) in ("Enabled", "Disabled"))
        uuid: str = answer["UUID"]
        return uuid

    def read(self, id_: str) -> Values | None:
        told = read_or_none(lambda: self.api.get_event_source_mapping(UUID=id_), "ResourceNotFoundException")
        if told is None:
            return None
        criteria, scaling = told.get("FilterCriteria"), told.get("ScalingConfig")
        return {
            "event_source_arn": told["EventSourceArn"], "function_arn": told["FunctionArn"],
            # A name and the ARN of one function are the same to the provider.
            "function_name": told["FunctionArn"].split(":function:")[1],
            "batch_size": told["BatchSize"],
            "maximum_batching_window_in_seconds": told["MaximumBatchingWindowInSeconds"],
            "function_response_types": told.get("FunctionResponseTypes", []),
            "filter_criteria": [] if not criteria else [
                {"filter": [{"pattern": each["Pattern"]} for each in criteria["Filters"]]}
            ],
            "scaling_config": block(scaling or None, maximum_concurrency="MaximumConcurrency"),
            "enabled": told["State"] in ("Enabled", "Enabling"), "state": told["State"],
            "state_transition_reason": told["StateTransitionReason"],
            "tags": self.api.list_tags(Resource=told["EventSourceMappingArn"])["Tags"],
        }  # fmt: skip

    def update(self, id_: str, old: Values, new: Values) -> None:
        changed = {key for key in {*old, *new} if old.get(key) != new.get(key)}
        asked = self._asked(new, changed)
        if "filter_criteria" in changed:
            asked.setdefault("FilterCriteria", {})
        if "scaling_config" in changed:
            asked.setdefault("ScalingConfig", {})
        if "enabled" in changed:
            asked["Enabled"] = new.get("enabled", True)
        if "function_name" in changed:
            asked["FunctionName"] = new["function_name"]
        if "function_response_types" in changed:
            asked.setdefault("FunctionResponseTypes", [])
        self.api.update_event_source_mapping(UUID=id_, **asked)
        until(lambda: self._state(id_) in ("Enabled", "Disabled"))
        if "tags" in changed:
            arn = self.api.get_event_source_mapping(UUID=id_)["EventSourceMappingArn"]
            retag(old, new, lambda keys: self.api.untag_resource(Resource=arn, TagKeys=keys),
                   lambda tags: self.api.tag_resource(Resource=arn, Tags=tags))  # fmt: skip

    def delete(self, id_: str) -> None:
        self.api.delete_event_source_mapping(UUID=id_)
        until(lambda: self._state(id_) is None)

    def _state(self, uuid: str) -> str | None:
        told = read_or_none(lambda: self.api.get_event_source_mapping(UUID=uuid), "ResourceNotFoundException")
        return None if told is None else told["State"]

    def _asked(self, config: Values, changed: set[str]) -> Values:
        wanted = {key: value for key, value in config.items() if key in changed}
        asked = given(wanted, BatchSize="batch_size", FunctionResponseTypes="function_response_types")
        if "maximum_batching_window_in_seconds" in changed:
            asked["MaximumBatchingWindowInSeconds"] = config.get("maximum_batching_window_in_seconds", 0)
        if blocks := wanted.get("filter_criteria"):
            asked["FilterCriteria"] = {"Filters": [{"Pattern": each["pattern"]} for each in blocks[0]["filter"]]}
        if blocks := wanted.get("scaling_config"):
            asked["ScalingConfig"] = {"MaximumConcurrency": blocks[0]["maximum_concurrency"]}
        return asked


class EventInvokeConfig:
    """aws_lambda_function_event_invoke_config; an update puts all of it"""

    def __init__(self, client: Clients) -> None:
        self.api = client("lambda")

    def create(self, config: Values) -> str:
        asked: Values = {"MaximumRetryAttempts": config.get("maximum_retry_attempts", 2)}
        if blocks := config.get("destination_config"):
            asked["DestinationConfig"] = {
                name: {"Destination": inner[0]["destination"]}
                for name, key in (("OnSuccess", "on_success"), ("OnFailure", "on_failure"))
                if (inner := blocks[0].get(key))
            }
        self.api.put_function_event_invoke_config(
            FunctionName=config["function_name"], **asked,
            **given(config, MaximumEventAgeInSeconds="maximum_event_age_in_seconds", Qualifier="qualifier"),
        )  # fmt: skip
        return f"{config['function_name']}:{config.get('qualifier', '')}"

    def read(self, id_: str) -> Values | None:
        told = read_or_none(
            lambda: self.api.get_function_event_invoke_config(**self._key(id_)), "ResourceNotFoundException"
        )
        if told is None:
            return None
        inner = {
            key: [{"destination": told["DestinationConfig"][name]["Destination"]}]
            for name, key in (("OnSuccess", "on_success"), ("OnFailure", "on_failure"))
            if told.get("DestinationConfig", {}).get(name, {}).get("Destination")
        }
        return {
            "function_name": id_.partition(":")[0], "qualifier": id_.partition(":")[2],
            "maximum_retry_attempts": told["MaximumRetryAttempts"],
            "maximum_event_age_in_seconds": told.get("MaximumEventAgeInSeconds", 0),
            "destination_config": [inner] if inner else [],
        }  # fmt: skip

    def update(self, id_: str, old: Values, new: Values) -> None:
        self.create(new)

    def delete(self, id_: str) -> None:
        self.api.delete_function_event_invoke_config(**self._key(id_))

    def _key(self, id_: str) -> Values:
        function, _, qualifier = id_.partition(":")
        return {"FunctionName": function} | ({"Qualifier": qualifier} if qualifier else {})


class FunctionUrl:
    """aws_lambda_function_url; one without authorization gets the permission that it needs"""

    def __init__(self, client: Clients) -> None:
        self.api = client("lambda")

    def create(self, config: Values) -> str:
        self.api.create_function_url_config(
            FunctionName=config["function_name"], AuthType=config["authorization_type"],
            InvokeMode=config.get("invoke_mode", "BUFFERED"), **given(config, Qualifier="qualifier"),
            **({"Cors": self._cors(config)} if config.get("cors") else {}),
        )  # fmt: skip
        if config["authorization_type"] == "NONE":
            self.api.add_permission(
                Action="lambda:InvokeFunctionUrl", FunctionName=config["function_name"], FunctionUrlAuthType="NONE",
                Principal="*", StatementId="FunctionURLAllowPublicAccess", **given(config, Qualifier="qualifier"),
            )  # fmt: skip
        return f"{config['function_name']}/{config.get('qualifier', '')}".rstrip("/")

    def read(self, id_: str) -> Values | None:
        told = read_or_none(lambda: self.api.get_function_url_config(**self._key(id_)), "ResourceNotFoundException")
        if told is None:
            return None
        cors = told.get("Cors")
        return {
            "function_name": id_.partition("/")[0], "qualifier": id_.partition("/")[2],
            "authorization_type": told["AuthType"], "invoke_mode": told.get("InvokeMode", ""),
            "function_arn": told["FunctionArn"], "function_url": told["FunctionUrl"],
            # The id of a URL is the first part of its host.
            "url_id": told["FunctionUrl"].partition("://")[2].partition(".")[0],
            "cors": [] if cors is None else [{
                "allow_credentials": cors.get("AllowCredentials", False), "allow_origins": cors.get("AllowOrigins", []),
                "allow_methods": cors.get("AllowMethods", []), "allow_headers": cors.get("AllowHeaders", []),
                "expose_headers": cors.get("ExposeHeaders", []), "max_age": cors.get("MaxAge", 0),
            }],
        }  # fmt: skip

    def update(self, id_: str, old: Values, new: Values) -> None:
        self.api.update_function_url_config(
            **self._key(id_), AuthType=new["authorization_type"], InvokeMode=new.get("invoke_mode", "BUFFERED"),
            **({"Cors": self._cors(new)} if old.get("cors") != new.get("cors") else {}),
        )  # fmt: skip

    def delete(self, id_: str) -> None:
        self.api.delete_function_url_config(**self._key(id_))

    def _key(self, id_: str) -> Values:
        function, _, qualifier = id_.partition("/")
        return {"FunctionName": function} | ({"Qualifier": qualifier} if qualifier else {})

    def _cors(self, config: Values) -> Values:
        if not config.get("cors"):
            return {}
        block = config["cors"][0]
        return {"AllowCredentials": block.get("allow_credentials", False)} | given(
            block, AllowOrigins="allow_origins", AllowMethods="allow_methods", AllowHeaders="allow_headers",
            ExposeHeaders="expose_headers", MaxAge="max_age",
        )  # fmt: skip


class RuntimeManagementConfig:
    """aws_lambda_runtime_management_config; taken away, it is put as it is by default"""

    def __init__(self, client: Clients) -> None:
        self.api = client("lambda")

    def create(self, config: Values) -> str:
        self.api.put_runtime_management_config(
            FunctionName=config["function_name"], UpdateRuntimeOn=config["update_runtime_on"],
            **given(config, Qualifier="qualifier", RuntimeVersionArn="runtime_version_arn"),
        )  # fmt: skip
        return f"{config['function_name']},{config.get('qualifier', '')}"

    def read(self, id_: str) -> Values | None:
        function, _, qualifier = id_.partition(",")
        told = self.api.get_runtime_management_config(
            FunctionName=function, **({"Qualifier": qualifier} if qualifier else {})
        )
        if told["UpdateRuntimeOn"] == "Auto":
            return None
        return {
            "function_name": function, "qualifier": qualifier, "function_arn": told["FunctionArn"],
            "update_runtime_on": told["UpdateRuntimeOn"], "runtime_version_arn": told.get("RuntimeVersionArn", ""),
        }  # fmt: skip

    def update(self, id_: str, old: Values, new: Values) -> None:
        self.create(new)

    def delete(self, id_: str) -> None:
        function, _, qualifier = id_.partition(",")
        self.create({"function_name": function, "qualifier": qualifier, "update_runtime_on": "Auto"})


class ProvisionedConcurrencyConfig:
    """aws_lambda_provisioned_concurrency_config"""

    def __init__(self, client: Clients) -> None:
        self.api = client("lambda")

    def create(self, config: Values) -> str:
        key = {"FunctionName": config["function_name"], "Qualifier": config["qualifier"]}
        self.api.put_provisioned_concurrency_config(
            **key, ProvisionedConcurrentExecutions=config["provisioned_concurrent_executions"]
        )
        until(lambda: self.api.get_provisioned_concurrency_config(**key)["Status"] == "READY")
        return f"{config['function_name']},{config['qualifier']}"

    def read(self, id_: str) -> Values | None:
        function, _, qualifier = id_.partition(",")
        told = read_or_none(
            lambda: self.api.get_provisioned_concurrency_config(FunctionName=function, Qualifier=qualifier),
            "ProvisionedConcurrencyConfigNotFoundException", "ResourceNotFoundException",
        )  # fmt: skip
        if told is None:
            return None
        allocated = told["AllocatedProvisionedConcurrentExecutions"]
        return {"function_name": function, "qualifier": qualifier, "provisioned_concurrent_executions": allocated}

    def update(self, id_: str, old: Values, new: Values) -> None:
        self.create(new)

    def delete(self, id_: str) -> None:
        function, _, qualifier = id_.partition(",")
        self.api.delete_provisioned_concurrency_config(FunctionName=function, Qualifier=qualifier)
