"""Who invokes in the name of each source, as a resource policy names it; most are of the usual form."""

PRINCIPALS = {
    "alb": "elasticloadbalancing.amazonaws.com",
    "alexa": "alexa-appkit.amazon.com",
    "apigateway": "apigateway.amazonaws.com",
    "bedrock": "bedrock.amazonaws.com",
    "cloudfront": "edgelambda.amazonaws.com",
    "cloudwatch": "lambda.alarms.cloudwatch.amazonaws.com",
    "cloudwatch-logs": "logs.amazonaws.com",
    "codecommit": "codecommit.amazonaws.com",
    "cognito": "cognito-idp.amazonaws.com",
    "cognito-sync": "cognito-sync.amazonaws.com",
    "config": "config.amazonaws.com",
    "connect": "connect.amazonaws.com",
    "eventbridge": "events.amazonaws.com",
    "iot": "iot.amazonaws.com",
    "iot-events": "iotevents.amazonaws.com",
    "lex": "lexv2.amazonaws.com",
    "s3": "s3.amazonaws.com",
    "secrets-manager": "secretsmanager.amazonaws.com",
    "ses": "ses.amazonaws.com",
    "sns": "sns.amazonaws.com",
    "vpc-lattice": "vpc-lattice.amazonaws.com",
    "workmail": "workmail.amazonaws.com",
}
"""A source that is not here calls with a role of the user's, which a function's own policy need not name."""
