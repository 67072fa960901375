#!/usr/bin/env bash
# Builds the two images, the source's and the destination's, with Docker, or with buildah where no Docker engine runs, and writes
# their bill of materials (CycloneDX) to dist-image/sbom.cdx.json.
#
#   scripts/build-image.sh                  the base is node:24-slim, or made here (scripts/local-base.sh) where it cannot be had
#   BASE=my-node:24 scripts/build-image.sh
#   ENGINE=buildah scripts/build-image.sh   also where a Docker engine runs
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)
source="hubflake/source-hubspot:$version"
destination="hubflake/destination-snowflake:$version"
out=dist-image
mkdir -p "$out"
# npm in the build trusts whom this machine trusts.
certificates=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}
options=(--build-arg "VERSION=$version")
if [ -f "$certificates" ]; then options+=(--secret "id=ca,src=$certificates"); fi

if [ "${ENGINE:-docker}" = docker ] && docker info > /dev/null 2>&1; then
  base=${BASE:-node:24-slim}
  docker build "${options[@]}" --build-arg "BASE=$base" --target source --tag "$source" .
  docker build "${options[@]}" --build-arg "BASE=$base" --target destination --tag "$destination" .
  container=$(docker create "$source")
  docker cp "$container:/hubflake/sbom.cdx.json" "$out/sbom.cdx.json"
  docker rm "$container" > /dev/null
  docker image ls --format '{{.Repository}}:{{.Tag}} {{.Size}}' --filter 'reference=hubflake/*'
  exit
fi

if ! command -v buildah > /dev/null; then
  echo 'Neither a Docker engine nor buildah is here. On Debian: apt install buildah mmdebstrap' >&2
  exit 1
fi
# What works without further rights on the kernel.
export BUILDAH_ISOLATION=${BUILDAH_ISOLATION:-chroot}
base=${BASE:-}
if [ -z "$base" ]; then
  base=docker.io/library/node:24-slim
  if ! timeout 120 buildah pull --quiet "$base" > /dev/null 2>&1; then
    echo "$base cannot be had here; a base image is made." >&2
    base=$(scripts/local-base.sh)
  fi
fi
# --layers: both targets share their stages.
build() {
  scripts/buildah.sh bud --quiet --layers "${options[@]}" --build-arg "BASE=$base" --target "$1" --tag "$2" . > /dev/null
}
build source "$source"
build destination "$destination"
container=$(buildah from --pull-never "localhost/$source")
scripts/buildah.sh run "$container" -- /usr/local/bin/node -e 'process.stdout.write(require("fs").readFileSync("/hubflake/sbom.cdx.json"))' > "$out/sbom.cdx.json"
buildah rm "$container" > /dev/null
for image in "$source" "$destination"; do
  buildah images --format '{{.Name}}:{{.Tag}} {{.Size}}' "localhost/$image"
done
