"""aws_lambda_function, call by call."""

from tests.aws.terraform.resource import Clients, Values, block, given, read_or_none, retag
from tests.live import until


class Function:
    """aws_lambda_function"""

    def __init__(self, client: Clients) -> None:
        self.api = client("lambda")

    def create(self, config: Values) -> str:
        name: str = config["function_name"]
        zip_ = {"ZipFile": config["filename"]} if "filename" in config else None
        code = zip_ or given(config, S3Bucket="s3_bucket", S3Key="s3_key")
        self.api.create_function(
            FunctionName=name, Code=code, PackageType="Zip", Publish=config.get("publish", False), Role=config["role"],
            MemorySize=config["memory_size"], Timeout=config["timeout"], Handler=config["handler"],
            Runtime=config["runtime"], **self._configuration(config),
            **given(config, Description="description", Architectures="architectures", Tags="tags"),
        )  # fmt: skip
        until(lambda: self.api.get_function(FunctionName=name)["Configuration"]["State"] == "Active")
        if config.get("reserved_concurrent_executions", -1) >= 0:
            self._reserve(name, config)
        return name

    def read(self, id_: str) -> Values | None:
        answer = read_or_none(lambda: self.api.get_function(FunctionName=id_), "ResourceNotFoundException")
        if answer is None:
            return None
        told, reserved = answer["Configuration"], answer.get("Concurrency", {})
        state: Values = {
            "function_name": told["FunctionName"], "arn": told["FunctionArn"], "role": told["Role"],
            "description": told["Description"], "handler": told["Handler"], "runtime": told["Runtime"],
            "memory_size": told["MemorySize"], "timeout": told["Timeout"], "package_type": told["PackageType"],
            "architectures": told["Architectures"], "source_code_size": told["CodeSize"],
            "code_sha256": told["CodeSha256"], "last_modified": told["LastModified"],
            "kms_key_arn": told.get("KMSKeyArn", ""), "tags": answer.get("Tags", {}),
            "environment": block(told.get("Environment"), variables="Variables"),
            "dead_letter_config": block(told.get("DeadLetterConfig"), target_arn="TargetArn"),
            "ephemeral_storage": block(told["EphemeralStorage"], size="Size"),
            "tracing_config": block(told["TracingConfig"], mode="Mode"),
            "file_system_config": [
                {"arn": each["Arn"], "local_mount_path": each["LocalMountPath"]}
                for each in told.get("FileSystemConfigs", [])
            ],
            "image_config": block(told.get("ImageConfigResponse", {}).get("ImageConfig"), command="Command"),
            "layers": [layer["Arn"] for layer in told.get("Layers", [])],
            "logging_config": block(
                told["LoggingConfig"], log_format="LogFormat", log_group="LogGroup",
                application_log_level="ApplicationLogLevel", system_log_level="SystemLogLevel",
            ),
            "snap_start": [{"apply_on": apply_on} for apply_on in [told["SnapStart"]["ApplyOn"]] if apply_on != "None"],
            "vpc_config": self._vpc(told.get("VpcConfig")),
            "reserved_concurrent_executions": reserved.get("ReservedConcurrentExecutions", -1),
        }  # fmt: skip
        latest = self.api.list_versions_by_function(FunctionName=id_, MaxItems=50)["Versions"][-1]
        signing = self.api.get_function_code_signing_config(FunctionName=id_)
        return state | {
            "qualified_arn": latest["FunctionArn"],
            "version": latest["Version"],
            "code_signing_config_arn": signing.get("CodeSigningConfigArn", ""),
        }

    def update(self, id_: str, old: Values, new: Values) -> None:
        changed = {key for key in {*old, *new} if old.get(key) != new.get(key)}
        code = {"filename", "architectures"} & changed
        configuration = changed - {"filename", "architectures", "publish", "tags", "reserved_concurrent_executions"}
        if configuration:
            self.api.update_function_configuration(FunctionName=id_, **self._changed(new, configuration))
            self._wait_for_update(id_)
        if code:
            self.api.update_function_code(
                FunctionName=id_, ZipFile=new["filename"], **given(new, Architectures="architectures")
            )
            self._wait_for_update(id_)
        if "reserved_concurrent_executions" in changed:
            if new.get("reserved_concurrent_executions", -1) >= 0:
                self._reserve(id_, new)
            else:
                self.api.delete_function_concurrency(FunctionName=id_)
        if new.get("publish") and (code or configuration or "publish" in changed):
            version = self.api.publish_version(FunctionName=id_)
            # The SDK's FunctionUpdated waiter, which asks again where there is no status yet, as of a pending version.
            until(
                lambda: (
                    self.api.get_function_configuration(FunctionName=id_, Qualifier=version["Version"]).get(
                        "LastUpdateStatus"
                    )
                    == "Successful"
                )
            )
        if "tags" in changed:
            arn = self.api.get_function(FunctionName=id_)["Configuration"]["FunctionArn"]
            retag(old, new, lambda keys: self.api.untag_resource(Resource=arn, TagKeys=keys),
                   lambda tags: self.api.tag_resource(Resource=arn, Tags=tags))  # fmt: skip

    def delete(self, id_: str) -> None:
        self.api.delete_function(FunctionName=id_)

    def _configuration(self, config: Values) -> Values:
        """Blocks as CreateFunction is given them: those that are set."""
        asked = given(config, Layers="layers", KMSKeyArn="kms_key_arn")
        for name, key, members in _FUNCTION_BLOCKS:
            if block := config.get(key):
                asked[name] = {member: block[0][inner] for member, inner in members.items() if inner in block[0]}
        if systems := config.get("file_system_config"):
            asked["FileSystemConfigs"] = [
                {"Arn": each["arn"], "LocalMountPath": each["local_mount_path"]} for each in systems
            ]
        return asked

    def _changed(self, new: Values, changed: set[str]) -> Values:
        """What UpdateFunctionConfiguration is given: also how a block is taken away."""
        asked: Values = {
            name: new.get(key, "")
            for name, key in (
                ("Description", "description"), ("Handler", "handler"), ("Role", "role"), ("Timeout", "timeout"),
                ("MemorySize", "memory_size"), ("Runtime", "runtime"), ("KMSKeyArn", "kms_key_arn"),
            )
            if key in changed
        }  # fmt: skip
        blocks = self._configuration(new)
        for name, key, _ in _FUNCTION_BLOCKS:
            if key in changed:
                asked[name] = blocks.get(name, _TAKEN_AWAY.get(name))
        for name, key in (("Layers", "layers"), ("FileSystemConfigs", "file_system_config")):
            if key in changed:
                asked[name] = blocks.get(name, [])
        return {name: value for name, value in asked.items() if value is not None}

    def _vpc(self, told: Values | None) -> list[Values]:
        """A VPC without anything in it is none."""
        if told is None or not (told["SubnetIds"] or told["SecurityGroupIds"] or told.get("VpcId")):
            return []
        return [{
            "subnet_ids": told["SubnetIds"], "security_group_ids": told["SecurityGroupIds"],
            "ipv6_allowed_for_dual_stack": told.get("Ipv6AllowedForDualStack", False), "vpc_id": told["VpcId"],
        }]  # fmt: skip

    def _reserve(self, name: str, config: Values) -> None:
        self.api.put_function_concurrency(
            FunctionName=name, ReservedConcurrentExecutions=config["reserved_concurrent_executions"]
        )

    def _wait_for_update(self, name: str) -> None:
        until(lambda: self.api.get_function(FunctionName=name)["Configuration"]["LastUpdateStatus"] == "Successful")


_FUNCTION_BLOCKS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("Environment", "environment", {"Variables": "variables"}),
    ("DeadLetterConfig", "dead_letter_config", {"TargetArn": "target_arn"}),
    ("EphemeralStorage", "ephemeral_storage", {"Size": "size"}),
    ("TracingConfig", "tracing_config", {"Mode": "mode"}),
    ("SnapStart", "snap_start", {"ApplyOn": "apply_on"}),
    ("LoggingConfig", "logging_config", {
        "LogFormat": "log_format", "LogGroup": "log_group", "ApplicationLogLevel": "application_log_level",
        "SystemLogLevel": "system_log_level",
    }),
    ("VpcConfig", "vpc_config", {
        "SubnetIds": "subnet_ids", "SecurityGroupIds": "security_group_ids",
        "Ipv6AllowedForDualStack": "ipv6_allowed_for_dual_stack",
    }),
)  # fmt: skip
"""A block's name in the API and in Terraform, and those of its members."""

_TAKEN_AWAY: Values = {
    "Environment": {"Variables": {}},
    "DeadLetterConfig": {"TargetArn": ""},
    "SnapStart": {"ApplyOn": "None"},
    "LoggingConfig": {},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": [], "Ipv6AllowedForDualStack": False},
}
"""How a block that was there is asked away; others keep what they have."""
