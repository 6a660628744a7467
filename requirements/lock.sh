#!/bin/sh
# Writes base.txt, web.txt, inspect.txt and test.txt: pinned, hashed, for every platform, naming no index and no path.
set -eu
uv=$1
common="--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-strip-extras --no-annotate --no-header --quiet"
cd "$(dirname "$0")/.."
echo "flit_core>=3.11,<5" | $uv pip compile $common pyproject.toml - -o requirements/base.txt
echo "flit_core>=3.11,<5" | $uv pip compile $common pyproject.toml - --group test -c requirements/base.txt -o requirements/test.txt
echo "flit_core>=3.11,<5" | $uv pip compile $common pyproject.toml - --extra web -c requirements/test.txt -o requirements/web.txt
echo "flit_core>=3.11,<5" | $uv pip compile $common pyproject.toml - --extra inspect -c requirements/test.txt -o requirements/inspect.txt
