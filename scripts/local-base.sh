#!/usr/bin/env bash
# Makes a base image like node:24-slim where no image registry can be reached: Debian's packages by mmdebstrap, Node and npm from
# the npm registry. Needs root, buildah, mmdebstrap and npm. The name of the image is printed at the end.
set -euo pipefail

NODE=24.21.0
NPM=11.19.1
DEBIAN=bookworm
case "$(uname -m)" in
  x86_64) arch=x64 ;;
  aarch64) arch=arm64 ;;
  *) echo "No Node is known for $(uname -m)." >&2 && exit 1 ;;
esac
image="localhost/hubflake-base:node-$NODE"
# dpkg needs what lies there.
export PATH="$PATH:/usr/sbin:/sbin"

if buildah inspect --type image "$image" > /dev/null 2>&1; then
  echo "$image"
  exit
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
here=$(cd "$(dirname "$0")" && pwd)
cd "$folder"
npm pack --silent "node-linux-$arch@$NODE" "npm@$NPM" >&2
mkdir node npm
tar -xzf "node-linux-$arch-$NODE.tgz" -C node --strip-components 1 package/bin/node
tar -xzf "npm-$NPM.tgz" -C npm --strip-components 1
# What Debian cannot do without, and no more: no apt, no Perl beyond the least (usr-is-merged stands in for usrmerge, which needs
# all of it), no certificates (Node brings its own), no manuals and translations. Copyrights stay.
mmdebstrap --quiet --variant=essential --include=libstdc++6,passwd,usr-is-merged \
  --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  "$DEBIAN" root.tar >&2
cat > Dockerfile <<'DOCKERFILE'
FROM scratch
ADD root.tar /
COPY node/bin/node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
DOCKERFILE
"$here/buildah.sh" bud --quiet --tag "$image" . >&2
echo "$image"
