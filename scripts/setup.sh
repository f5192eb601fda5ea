#!/bin/sh
# Set-up for `npm run quickstart` and `npm test`: packages of the lock file, the pinned Node, and libtensorflow.
# Does nothing, quickly, where all is there.
set -eu
cd "$(dirname "$0")/.."

missing=""
lacks() {
  missing="$missing
  - $1"
}
command -v npm >/dev/null 2>&1 || lacks "npm, with Node.js 20 or newer (https://nodejs.org)"
command -v g++ >/dev/null 2>&1 || lacks "a C++ compiler, g++ (Debian, Ubuntu: apt-get install g++)"
if ! command -v python3 >/dev/null 2>&1; then
  lacks "python3 with pip (Debian, Ubuntu: apt-get install python3 python3-pip)"
elif ! python3 -c 'import importlib.util as u, sys; sys.exit(u.find_spec("pip") is None)'; then
  lacks "pip for python3 (Debian, Ubuntu: apt-get install python3-pip)"
fi
if [ -n "$missing" ]; then
  echo "setup: this machine lacks:$missing" >&2
  exit 1
fi

# npm writes node_modules/.package-lock.json last: older than the lock file means not installed, or not all of it.
if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  # npm would empty the folder that a link leads to, which others may be working with.
  if [ -L node_modules ]; then
    echo "setup: node_modules is a link to $(readlink node_modules), whose packages are not those of package-lock.json; remove the link, and they are installed here" >&2
    exit 1
  fi
  echo "setup: installing packages"
  # All of them, also where NODE_ENV=production or the user's .npmrc would leave some out.
  npm ci --ignore-scripts --include=dev --include=optional --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi

node=node_modules/.bin/node # the pinned one, where npm has it for this platform
if [ ! -x "$node" ]; then
  node=$(command -v node) || node=""
  # 22.19 is the first that runs TypeScript as it is.
  if [ -z "$node" ] || ! "$node" -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 19) ? 0 : 1)'; then
    echo "setup: the package node-linux-* has no Node for this platform; install Node.js 22.19 or newer (https://nodejs.org)" >&2
    exit 1
  fi
fi
exec "$node" scripts/libtensorflow.ts
