#!/usr/bin/env bash
# Fetches the real programs that some tests run: the AWS CLI, the Runtime Interface Emulator, Node packages.
#
# Doing it again is quick. What cannot be fetched is said and left out, and the tests that need it skip;
# with CI=true it is an error instead.
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

node_sdk() { # AWS's SDK for JavaScript, with which a Node handler of the tests calls back
  local folder=.tools/aws-sdk version=3.940.0
  local done="$folder/.done-client-sqs-$version"
  [ -e "$done" ] && return
  command -v npm >/dev/null || return 1
  echo "tools: installing the AWS SDK for JavaScript …"
  mkdir -p "$folder"
  printf '{"private": true, "dependencies": {"@aws-sdk/client-sqs": "%s"}}\n' "$version" >"$folder/package.json"
  npm install --prefix "$folder" --no-audit --no-fund --loglevel=error >"$folder/install.log" 2>&1 && touch "$done" &&
    return
  tail -n 3 "$folder/install.log" >&2
  return 1
}

awscli || without "AWS CLI" "the README walks"
rie || without "Runtime Interface Emulator" "real RIE endpoints"
node_runtime_client || without "aws-lambda-ric" "AWS's Node runtime client"
node_sdk || without "AWS SDK for JavaScript" "loops through Node"

if [ "$missing" = 1 ] && [ "${CI:-}" = true ]; then
  exit 1
fi
