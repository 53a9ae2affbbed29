#!/bin/sh
# Installs what docs/examples/scikit_learn.py needs, by its hashes, into build/python, from PyPI. The tests that miss it
# say so and are skipped.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
wanted="$root/docs/examples/requirements.txt"
cmp -s "$wanted" "$root/build/python/installed.txt" && exit 0
# Debian's Python, whatever else is in the PATH: what is pinned is made for it.
/usr/bin/python3 -m venv --clear "$root/build/python"
"$root/build/python/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --requirement "$wanted"
cp "$wanted" "$root/build/python/installed.txt"
