"""One service with a front of each kind, whose functions are handlers beside this file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import Serving, serving
from tests.web.gateway.elsewhere import Elsewhere, elsewhere
from tests.web.gateway.stub_lambda import StubLambda, stub_lambda

HANDLERS = Path(__file__).parent / "handlers"

SETTINGS = f"""
functions:
  echo: {{CodeUri: {HANDLERS}, Handler: fronts.echo, Timeout: 10}}
  say: {{CodeUri: {HANDLERS}, Handler: fronts.say, Timeout: 10}}
  authorize: {{CodeUri: {HANDLERS}, Handler: fronts.authorize, Timeout: 10}}
  authorize_by_policy: {{CodeUri: {HANDLERS}, Handler: fronts.authorize_by_policy, Timeout: 10}}
queues:
  orders: {{}}
buckets:
  site: {{}}
load_balancers:
  front:
    rules:
      - {{path: /api/*, function: echo}}
      - {{path: /multi/*, function: echo, multi_value_headers: true}}
      - {{path: /say, methods: [POST], function: say}}
      - {{path: /say-multi, function: say, multi_value_headers: true}}
      - {{host: "*.example", function: echo}}
      - {{path: /fixed, fixed: {{status: 503, type: text/html, body: <p>later</p>}}}}
distributions:
  plain: {{origin: {{bucket: site, path: /public}}}}
urls:
  echo-url: echo
  say-url: {{function: say, Cors: {{AllowOrigins: ["https://shop.example"], MaxAge: 5}}}}
  whole-url: {{function: say, InvokeMode: RESPONSE_STREAM}}
  signed-url: {{function: echo, AuthType: AWS_IAM}}
apis:
  shop:
    variables: {{env: test}}
    cors: {{AllowOrigins: ["https://shop.example"], AllowMethods: ["*"], AllowHeaders: [x-a], MaxAge: 5}}
    authorizers:
      check: {{function: authorize, simple: true, IdentitySource: [$request.header.token], ttl: 60s}}
      policy:
        function: authorize_by_policy
        payload: 1.0
        IdentitySource: [$request.header.token, $request.querystring.q]
    routes:
      ANY /echo: echo
      GET /pets/{{id}}: echo
      ANY /all/{{proxy+}}: echo
      ANY /old/{{proxy+}}: {{function: echo, payload: 1.0}}
      POST /say: say
      POST /say-old: {{function: say, payload: 1.0}}
      POST /hurry: {{function: say, timeout: 100ms}}
      GET /checked: {{function: echo, authorizer: check}}
      GET /policed: {{function: echo, authorizer: policy, payload: 1.0}}
      GET /signed: {{function: echo, authorizer: AWS_IAM}}
      POST /orders:
        aws: SQS-SendMessage
        parameters:
          QueueUrl: http://localhost/000000000000/orders
          MessageBody: $request.body.order
  staged:
    stage: dev
    throttle: {{rate: 0, burst: 1}}
    routes:
      GET /pets: echo
"""


@pytest.fixture(scope="package")
def fronts() -> Iterator[Serving]:
    with serving(SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def there() -> Iterator[Elsewhere]:
    with elsewhere() as running:
        yield running


@pytest.fixture(scope="module")
def stub() -> Iterator[StubLambda]:
    with stub_lambda() as running:
        yield running
