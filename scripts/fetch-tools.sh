#!/usr/bin/env bash
# Fetches the real programs that some tests run: the AWS CLI, the Runtime Interface Emulator, Node packages.
#
# With `bench` it fetches what is measured beside instead. Doing it again is quick. What cannot be fetched is said and
# left out, and the tests that need it skip; with CI=true it is an error instead.
set -uo pipefail
cd "$(dirname "$0")/.."

PYTHON=.venv/bin/python
missing=0

without() { # what, and what is not tested without it
  echo "tools: no $1; the tests of $2 will be skipped" >&2
  missing=1
}

awscli() { # in a virtual environment of its own, because it pins botocore
  local done=.venv-awscli/.done
  [ -e "$done" ] && [ "$done" -nt scripts/awscli.lock ] && return
  echo "tools: installing the AWS CLI …"
  "$PYTHON" -m venv .venv-awscli &&
    .venv-awscli/bin/python -m pip --disable-pip-version-check --quiet install \
      --require-hashes -r scripts/awscli.lock &&
    touch "$done"
}

rie() {
  [ -x scripts/fetch-rie.sh ] && scripts/fetch-rie.sh
}

node_runtime_client() { # has a native part, which a C++ compiler, cmake, autoconf and libtool build
  local folder=.tools/node version=3.3.0
  local done="$folder/.done-aws-lambda-ric-$version"
  [ -e "$done" ] && return
  command -v npm >/dev/null || return 1
  echo "tools: building aws-lambda-ric $version …"
  mkdir -p "$folder"
  # Newer versions of npm run no install script that package.json does not allow.
  printf '{"private": true, "dependencies": {"aws-lambda-ric": "%s"}, "allowScripts": {"aws-lambda-ric": true}}\n' \
    "$version" >"$folder/package.json"
  npm install --prefix "$folder" --no-audit --no-fund --loglevel=error >"$folder/install.log" 2>&1 &&
    [ -e "$folder/node_modules/aws-lambda-ric/dist/rapid-client.node" ] && touch "$done" && return
  tail -n 3 "$folder/install.log" >&2
  return 1
}

node_sdk() { # AWS's SDK for JavaScript: a Node handler of the tests calls back with it, and an app is deployed with it
  # … and `ws`, a client of WebSockets, and `sqs-consumer`, which many let poll their queues.
  local folder=.tools/aws-sdk version=3.940.0 ws=8.18.3 consumer=14.2.0
  local done="$folder/.done-clients-$version-ws-$ws-consumer-$consumer"
  [ -e "$done" ] && return
  command -v npm >/dev/null || return 1
  echo "tools: installing the AWS SDK for JavaScript …"
  mkdir -p "$folder"
  printf '{"private": true, "dependencies": {"@aws-sdk/client-lambda": "%s", "@aws-sdk/client-sqs": "%s", "ws": "%s", "sqs-consumer": "%s"}}\n' \
    "$version" "$version" "$ws" "$consumer" >"$folder/package.json"
  npm install --prefix "$folder" --no-audit --no-fund --loglevel=error >"$folder/install.log" 2>&1 && touch "$done" &&
    return
  tail -n 3 "$folder/install.log" >&2
  return 1
}

elasticmq() { # another broker, for the mappings that poll queues elsewhere; runs on Java
  local folder=.tools/elasticmq version=0.7.1
  local done="$folder/.done-$version"
  [ -e "$done" ] && return
  command -v npm >/dev/null && command -v java >/dev/null || return 1
  echo "tools: installing ElasticMQ …"
  mkdir -p "$folder"
  printf '{"private": true, "dependencies": {"elasticmq": "%s"}}\n' "$version" >"$folder/package.json"
  npm install --prefix "$folder" --no-audit --no-fund --loglevel=error >"$folder/install.log" 2>&1 && touch "$done" &&
    return
  tail -n 3 "$folder/install.log" >&2
  return 1
}

serverless_offline() { # beside which HTTP APIs and Invoke are measured; the last version of its framework that asks for no account
  local folder=.tools/serverless-offline framework=3.40.0 version=13.9.0
  local done="$folder/.done-$version"
  [ -e "$done" ] && return
  command -v npm >/dev/null || return 1
  echo "tools: installing serverless-offline …"
  mkdir -p "$folder"
  printf '{"private": true, "dependencies": {"serverless": "%s", "serverless-offline": "%s"}}\n' "$framework" "$version" \
    >"$folder/package.json"
  npm install --prefix "$folder" --no-audit --no-fund --loglevel=error >"$folder/install.log" 2>&1 && touch "$done" &&
    return
  tail -n 3 "$folder/install.log" >&2
  return 1
}

# All at once: most of the time is spent waiting for answers, and one of them compiles.
fetch() { # how, what it is, and what is not tested without it
  ("$1") &
  jobs+=("$!")
  names+=("$2")
  uses+=("$3")
}
jobs=() names=() uses=()
if [ "${1:-}" = bench ]; then
  fetch serverless_offline "serverless-offline" "the measure beside HTTP APIs and Invoke"
else
  fetch node_runtime_client "aws-lambda-ric" "AWS's Node runtime client"
  fetch awscli "AWS CLI" "the README walks"
  fetch rie "Runtime Interface Emulator" "real RIE endpoints"
  fetch node_sdk "AWS SDK for JavaScript" "Node as a client"
  fetch elasticmq "ElasticMQ" "queues at another broker"
fi
for number in "${!jobs[@]}"; do
  wait "${jobs[$number]}" || without "${names[$number]}" "${uses[$number]}"
done

if [ "$missing" = 1 ] && [ "${CI:-}" = true ]; then
  exit 1
fi
