#!/usr/bin/env bash
# Packs the package, looks at it as a registry's users would (publint), installs it in an empty folder, and uses it there by npx and
# from TypeScript. Needs dist/.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

npx publint --strict
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
package=$(npm pack --silent --pack-destination "$folder")
cd "$folder"
if tar -tzf "$package" | grep -E '\.test\.|\.map$|/src/'; then
  echo 'The package has files that nobody needs.' >&2
  exit 1
fi
echo '{ "private": true, "type": "module" }' > package.json
npm install --silent --no-audit --no-fund --prefer-offline "./$package"
npx hubflake --version
npx hubflake spec | grep -q '^{"type":"SPEC"'
npx hubflake destination spec | grep -q '^{"type":"SPEC"'
npx hubflake demo --json > demo.json
grep -q '"second"' demo.json

cat > use.ts <<'TYPESCRIPT'
import { type Message, runCommandLine } from 'hubflake';

const message: Message = { type: 'LOG', log: { level: 'INFO', message: 'hello' } };
const code: number = await runCommandLine(['spec']);
if (code !== 0 || message.type !== 'LOG') throw new Error();
TYPESCRIPT
"$root/node_modules/.bin/tsc" --strict --module nodenext --target es2022 --types '' use.ts
node use.js | grep -q '^{"type":"SPEC"'
echo "The package works: $package, $(du -h "$package" | cut -f1)B packed."
