#!/bin/sh
# Choose the newest allowed packages and write requirements/*.txt: versions and hashes, no index address.
set -eu
cd "$(dirname -- "$0")/.."

uv=$(command -v uv || echo .tools/uv/bin/uv)
compile() {
    "$uv" pip compile --quiet --upgrade --universal --python-version 3.12 --generate-hashes \
        --no-header --no-emit-index-url --no-emit-find-links "$@"
}

compile pyproject.toml --extra postgres --extra print -o requirements/core.txt
compile --group build -c requirements/core.txt -o requirements/build.txt
compile --group dev -c requirements/core.txt -c requirements/build.txt -o requirements/dev.txt
# Not with core.txt: the generator and we ask for different versions of typer, and never meet in one environment.
compile --group client -c requirements/dev.txt -o requirements/client.txt
# Core and Spark together, for a cluster or its tests; nobody else waits for half a gigabyte.
compile pyproject.toml --extra spark -c requirements/dev.txt -o requirements/spark.txt
compile --group docs -c requirements/core.txt -c requirements/dev.txt -o requirements/docs.txt
compile --group tools -o requirements/tools.txt
