#!/bin/sh
# Makes sure that there is a Chromium for the tests: one that is installed, the system's package
# where apt-get may be used, or Playwright's own. Argument: the command `playwright`.
set -eu

playwright=$1

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done

as_root=
[ "$(id -u)" = 0 ] || as_root="sudo -n"
if command -v apt-get >/dev/null 2>&1 && $as_root true 2>/dev/null; then
    echo "Installing Chromium for the tests, with apt-get."
    if $as_root apt-get -qq -o DPkg::Lock::Timeout=120 update &&
        DEBIAN_FRONTEND=noninteractive $as_root apt-get -qq -y -o DPkg::Lock::Timeout=120 \
            install --no-install-recommends chromium fonts-liberation </dev/null >/dev/null &&
        command -v chromium >/dev/null 2>&1; then
        exit 0
    fi
    echo "No package chromium; taking Playwright's own." >&2
fi

exec "$playwright" install --only-shell chromium
