#!/bin/sh
# Builds an image twice from scratch and compares the layers. `sh scripts/same-image.sh Dockerfile.operator`
#   BUILD_ARGS         more arguments of `buildah build`, such as --isolation chroot
#   SOURCE_DATE_EPOCH  the time that files are given, in seconds; that of the last commit by default
set -eu
cd "$(dirname "$0")/.."
file=${1:?name a Dockerfile: sh scripts/same-image.sh Dockerfile.operator}
time=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

layers() {
  buildah build --quiet --no-cache --timestamp "$time" -t "ddr-same:$1" -f "$file" ${BUILD_ARGS:-} . >&2
  buildah inspect --type image --format '{{range .OCIv1.RootFS.DiffIDs}}{{println .}}{{end}}' "ddr-same:$1"
}

first=$(layers 1)
second=$(layers 2)
buildah rmi ddr-same:1 ddr-same:2 >/dev/null || true
if [ "$first" = "$second" ]; then
  echo "the same layers, twice:"
  echo "$first"
else
  printf 'not the same layers:\n%s\n\n%s\n' "$first" "$second" >&2
  exit 1
fi
