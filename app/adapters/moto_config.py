"""How moto is to be, set before its first backend is made: whichever that is may ask others for theirs."""

from moto.core.config import default_user_config


def configure() -> None:
    """Have AWS's own policies there: AWSLambdaBasicExecutionRole is attached to nearly every role.

    All of them take 0.1 s of an account that is asked for the first time (moto 5.2.5).
    """
    default_user_config["iam"] = {"load_aws_managed_policies": True}
