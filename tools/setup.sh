#!/bin/sh
# Make this folder ready: tools/setup.sh core | dev | docs
#
# Finds a Python that is new enough (it never downloads one), finds uv or puts it into .tools/, and
# installs exactly what requirements/*.txt lists, by hash, into .venv/. Running it again does nothing
# until one of those lists, pyproject.toml or the place of this folder changes. Exits with 3 where it finds
# no Python.
set -eu

purpose=${1:?"say what for: core, dev or docs"}
house=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$house"

# Each purpose holds the ones before it, so what is ready for a later one is ready for an earlier one.
case $purpose in
core) lists="core build" enough="core dev docs" ;;
dev) lists="core build dev" enough="dev docs" ;;
docs) lists="core build dev docs" enough="docs" ;;
*) echo "setup: unknown purpose '$purpose'" >&2 && exit 2 ;;
esac
files=""
for list in $lists; do files="$files requirements/$list.txt"; done

say() { echo "setup: $*"; }

# A shim may answer to the name and fail when run, so only running it tells.
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; }
has_pip() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

candidates() {
    if [ -n "${PYTHON:-}" ]; then echo "$PYTHON"; fi
    # 3.13 first: every package that we pin has a ready-made wheel for it.
    for version in 3.13 3.14 3.12 3.15 3; do
        command -v "python$version" || true
        for found in "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version"*/bin/python3 \
            "${UV_PYTHON_INSTALL_DIR:-$HOME/.local/share/uv/python}/cpython-$version"*/bin/python3 \
            "/usr/local/bin/python$version" "/opt/homebrew/bin/python$version" \
            "/opt/python/$version"*/bin/python3; do
            if [ -x "$found" ]; then echo "$found"; fi
        done
    done
}

find_python() {
    candidates | while read -r candidate; do
        if new_enough "$candidate" && { [ -n "$uv" ] || has_pip "$candidate"; }; then
            "$candidate" -c 'import sys; print(sys.executable)'
            break
        fi
    done
}

uv=""
for candidate in "$(command -v uv || true)" .tools/uv/bin/uv; do
    if [ -n "$candidate" ] && "$candidate" --version >/dev/null 2>&1; then uv=$candidate && break; fi
done

wanted=$(cat requirements/*.txt pyproject.toml tools/setup.sh | cksum; echo "$house")
if new_enough .venv/bin/python; then
    for ready in $enough; do
        if [ "$(cat ".venv/.ready-$ready" 2>/dev/null)" = "$wanted" ]; then exit 0; fi
    done
fi

export UV_PYTHON_DOWNLOADS=never
# Trust what this machine trusts: an office's own network often has its own certificate authority.
if [ -r /etc/ssl/certs/ca-certificates.crt ]; then export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"; fi
fresh=yes
if new_enough .venv/bin/python && [ "$(cat .venv/.house 2>/dev/null)" = "$house" ]; then fresh=no; fi
if [ $fresh = no ]; then python=.venv/bin/python; else python=$(find_python); fi
if [ -z "$python" ]; then
    echo "setup: no Python 3.12 or newer was found (looked on the PATH, under pyenv and under uv)." >&2
    echo "setup: install one with its venv module, or name one: make test PYTHON=/path/to/python3.13" >&2
    exit 3
fi
if [ -z "$uv" ]; then
    say "uv not found, putting it into .tools/"
    "$python" -m venv --clear .tools/uv
    .tools/uv/bin/python -m pip install --quiet --disable-pip-version-check \
        --require-hashes -r requirements/tools.txt
    uv=.tools/uv/bin/uv
fi
if [ $fresh = yes ]; then
    say "Python $("$python" -c 'import platform; print(platform.python_version())')"
    "$uv" venv --quiet --clear --python "$python" .venv
    echo "$house" >.venv/.house
fi

arguments=""
for file in $files; do arguments="$arguments -r $file"; done
say "installing into .venv/:$files"
# shellcheck disable=SC2086  # one word an argument, on purpose
"$uv" pip install --quiet --python .venv/bin/python --require-hashes $arguments
"$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
if [ "$purpose" != core ]; then
    # The generator of clients has an environment of its own (pyproject.toml says why).
    "$uv" venv --quiet --clear --python .venv/bin/python .tools/client
    "$uv" pip install --quiet --python .tools/client/bin/python --require-hashes -r requirements/client.txt
fi
echo "$wanted" >".venv/.ready-$purpose"
say "ready"
