#!/bin/sh
# Puts AWS's Runtime Interface Emulator into .tools/aws-lambda-rie, for the tests with the real thing.
#
# It ships inside the aws-sam-cli wheel; only that one file is taken, because installing the whole would pin boto3.
# Doing it again is free.
set -eu
cd "$(dirname "$0")/.."

VERSION=1.170.0
PYTHON=${PYTHON:-.venv/bin/python}
target=.tools/aws-lambda-rie
stamp=.tools/.aws-lambda-rie-$VERSION

if [ -x "$target" ] && [ -e "$stamp" ]; then
  exit 0
fi

if [ "$(uname -s)" != Linux ]; then
  echo "fetch-rie: the emulator runs on Linux only" >&2
  exit 1
fi
case $(uname -m) in
  x86_64 | amd64) architecture=x86_64 ;;
  aarch64 | arm64) architecture=arm64 ;;
  *)
    echo "fetch-rie: there is no emulator for $(uname -m)" >&2
    exit 1
    ;;
esac

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$PYTHON" -m pip --disable-pip-version-check --quiet download --no-deps --only-binary :all: \
  --dest "$folder" "aws-sam-cli==$VERSION"

mkdir -p .tools
"$PYTHON" - "$folder" "samcli/local/rapid/aws-lambda-rie-$architecture" "$target.new" <<'EOF'
import sys
import zipfile
from pathlib import Path

folder, member, target = sys.argv[1:]
(wheel,) = Path(folder).glob("*.whl")
with zipfile.ZipFile(wheel) as archive:
    Path(target).write_bytes(archive.read(member))
EOF
chmod +x "$target.new"
mv "$target.new" "$target"
touch "$stamp"
