#!/bin/sh
# The browser tests need Chromium. Install it where nobody has to be asked; elsewhere they are skipped, and say so.
for name in chromium chromium-browser google-chrome; do
	command -v "$name" >/dev/null 2>&1 && exit 0
done
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || exit 0
echo "Installing Chromium for the browser tests; this takes a minute."
export DEBIAN_FRONTEND=noninteractive
timeout="-o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o DPkg::Lock::Timeout=60"
{ apt-get $timeout --quiet update && apt-get $timeout --quiet --yes --no-install-recommends install chromium fonts-liberation; } \
	>/dev/null 2>&1 || echo "Chromium could not be installed."
