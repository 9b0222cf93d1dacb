"""What stands beside a function, call by call: aws_iam_role with its policies, aws_cloudwatch_log_group."""

import json
from urllib.parse import unquote

from tests.aws.terraform.resource import Clients, Values, listed, read_or_none, retag


class Role:
    """aws_iam_role, with its aws_iam_role_policy (written into it) and aws_iam_role_policy_attachment"""

    def __init__(self, client: Clients) -> None:
        self.api = client("iam")

    def create(self, config: Values) -> str:
        name: str = config["name"]
        self.api.create_role(
            RoleName=name, AssumeRolePolicyDocument=config["assume_role_policy"], Path="/", MaxSessionDuration=3600,
            Tags=listed(config.get("tags", {})),
        )  # fmt: skip
        self._set_policies(name, {}, config)
        return name

    def read(self, id_: str) -> Values | None:
        answer = read_or_none(lambda: self.api.get_role(RoleName=id_), "NoSuchEntity")
        if answer is None:
            return None
        told = answer["Role"]
        document = told["AssumeRolePolicyDocument"]
        inline = {
            name: _normal(self.api.get_role_policy(RoleName=id_, PolicyName=name)["PolicyDocument"])
            for name in self.api.list_role_policies(RoleName=id_)["PolicyNames"]
        }
        attached = self.api.list_attached_role_policies(RoleName=id_)["AttachedPolicies"]
        return {
            "name": told["RoleName"], "arn": told["Arn"], "path": told["Path"],
            "max_session_duration": told["MaxSessionDuration"], "unique_id": told["RoleId"],
            "assume_role_policy": _normal(document), "inline": inline,
            "attached": sorted(policy["PolicyArn"] for policy in attached),
            "tags": {tag["Key"]: tag["Value"] for tag in told.get("Tags", [])},
        }  # fmt: skip

    def update(self, id_: str, old: Values, new: Values) -> None:
        if old["assume_role_policy"] != new["assume_role_policy"]:
            self.api.update_assume_role_policy(RoleName=id_, PolicyDocument=new["assume_role_policy"])
        self._set_policies(id_, old, new)
        retag(old, new, lambda keys: self.api.untag_role(RoleName=id_, TagKeys=keys),
              lambda tags: self.api.tag_role(RoleName=id_, Tags=listed(tags)))  # fmt: skip

    def delete(self, id_: str) -> None:
        state = self.read(id_)
        assert state is not None, "there is a role to delete"
        assert self.api.list_instance_profiles_for_role(RoleName=id_)["InstanceProfiles"] == []
        self._set_policies(id_, state, {})
        self.api.delete_role(RoleName=id_)

    def _set_policies(self, name: str, old: Values, new: Values) -> None:
        for policy in old.get("inline", {}).keys() - new.get("inline", {}).keys():
            self.api.delete_role_policy(RoleName=name, PolicyName=policy)
        for policy, document in new.get("inline", {}).items():
            self.api.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)
        for arn in set(old.get("attached", [])) - set(new.get("attached", [])):
            self.api.detach_role_policy(RoleName=name, PolicyArn=arn)
        for arn in set(new.get("attached", [])) - set(old.get("attached", [])):
            self.api.attach_role_policy(RoleName=name, PolicyArn=arn)


class LogGroup:
    """aws_cloudwatch_log_group"""

    def __init__(self, client: Clients) -> None:
        self.api = client("logs")

    def create(self, config: Values) -> str:
        name: str = config["name"]
        self.api.create_log_group(logGroupName=name, **({"tags": config["tags"]} if config.get("tags") else {}))
        self._retain(name, config)
        return name

    def read(self, id_: str) -> Values | None:
        groups = self.api.describe_log_groups(logGroupNamePrefix=id_)["logGroups"]
        told = next((group for group in groups if group["logGroupName"] == id_), None)
        if told is None:
            return None
        arn = told["arn"].removesuffix(":*")
        return {
            "name": told["logGroupName"], "arn": arn, "retention_in_days": told.get("retentionInDays", 0),
            "tags": self.api.list_tags_for_resource(resourceArn=arn)["tags"],
        }  # fmt: skip

    def update(self, id_: str, old: Values, new: Values) -> None:
        self._retain(id_, new)
        arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{id_}"
        retag(old, new, lambda keys: self.api.untag_resource(resourceArn=arn, tagKeys=keys),
              lambda tags: self.api.tag_resource(resourceArn=arn, tags=tags))  # fmt: skip

    def delete(self, id_: str) -> None:
        self.api.delete_log_group(logGroupName=id_)

    def _retain(self, name: str, config: Values) -> None:
        if config.get("retention_in_days"):
            self.api.put_retention_policy(logGroupName=name, retentionInDays=config["retention_in_days"])
        else:
            self.api.delete_retention_policy(logGroupName=name)


def _normal(document: Values | str) -> str:
    """A policy as the provider compares it; it comes URL-encoded, which some clients undo by themselves."""
    return json.dumps(json.loads(unquote(document)) if isinstance(document, str) else document, sort_keys=True)
