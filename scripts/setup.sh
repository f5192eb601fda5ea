#!/bin/sh
# Set-up for `npm run quickstart` and `npm test`: packages of the lock file, the pinned Node, and libtensorflow.
# Does nothing, quickly, where all is there.
set -eu
cd "$(dirname "$0")/.."

missing=""
need() { # command, what to say where it is missing
  command -v "$1" >/dev/null 2>&1 || missing="$missing
  - $2"
}
need npm "npm, with Node.js 20 or newer (https://nodejs.org)"
need python3 "python3 (Debian, Ubuntu: apt-get install python3 python3-pip)"
need g++ "a C++ compiler, g++ (Debian, Ubuntu: apt-get install g++)"
if command -v python3 >/dev/null 2>&1 && ! python3 -m pip --version >/dev/null 2>&1; then
  missing="$missing
  - pip for python3 (Debian, Ubuntu: apt-get install python3-pip)"
fi
if [ -n "$missing" ]; then
  echo "setup: this machine lacks:$missing" >&2
  exit 1
fi

# npm writes node_modules/.package-lock.json last: older than the lock file means not installed, or not all of it.
if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "setup: installing packages"
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi

node=node_modules/.bin/node # the pinned one, where npm has it for this platform
[ -x "$node" ] || node=node
exec "$node" scripts/libtensorflow.ts
