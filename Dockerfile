# The images that Airbyte, Docker, Kubernetes or Snowpark Container Services run. `scripts/build-image.sh` builds them, also where
# there is no Docker and no registry; by hand:
#   docker build -t hubflake/source-hubspot:0.2.0 .
#   docker build -t hubflake/destination-snowflake:0.2.0 --target destination .
# Any Debian with Node 24 in /usr/local/bin does as base.
ARG BASE=node:24-slim

FROM ${BASE} AS build
WORKDIR /hubflake
COPY package.json package-lock.json ./
# The secret is the machine's own certificates, for a network whose proxy signs with one of its own; the image does not get them.
RUN --mount=type=secret,id=ca NODE_EXTRA_CA_CERTS=/run/secrets/ca npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY spec spec
COPY src src
# The bill is of what is left. Without devDependencies in package.json, since npm would miss them.
RUN npm run build \
  && npm prune --omit=dev --no-audit --no-fund \
  && npm pkg delete devDependencies scripts \
  && npm sbom --sbom-format cyclonedx > sbom.cdx.json \
  && node scripts/trim-modules.mjs node_modules dist

# The base without what only building needs. A stage of its own, so that what is removed is gone from the image. The shell stays:
# hubflake needs none, but Airbyte starts connectors on Kubernetes by a script of its own.
FROM ${BASE} AS root
RUN rm -rf /usr/local/lib/node_modules /usr/local/include /usr/local/share/* /opt/* /usr/local/bin/npm /usr/local/bin/npx \
    /usr/local/bin/corepack /usr/local/bin/yarn* /usr/local/bin/docker-entrypoint.sh /var/lib/apt/lists/* /var/cache/* \
  # Airbyte expects a user of this name; the official base image has one of its own with the id 1000.
  && if id node > /dev/null 2>&1; then userdel --remove node; fi \
  && useradd --uid 1000 --create-home airbyte \
  && install -d -o airbyte -g airbyte /airbyte
COPY --from=build /hubflake/package.json /hubflake/sbom.cdx.json /hubflake/
COPY --from=build /hubflake/node_modules /hubflake/node_modules
COPY --from=build /hubflake/spec /hubflake/spec
COPY --from=build /hubflake/dist /hubflake/dist
COPY LICENSE /hubflake/

FROM scratch AS common
COPY --from=root / /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin NODE_ENV=production
USER airbyte
WORKDIR /airbyte
# As Docker's own default; said here because a base image may say otherwise.
STOPSIGNAL SIGTERM

FROM common AS destination
ARG VERSION=0.2.0
# What V8 would take for speed that nobody sees: its space for new objects grows to 128 MB, though what is made of a page is garbage with
# the next (-100 MB); and it optimizes the WebAssembly that undici parses headers with (-36 MB).
ENV AIRBYTE_ENTRYPOINT="/usr/local/bin/node --max-semi-space-size=4 --liftoff-only /hubflake/dist/main.js destination"
ENTRYPOINT ["/usr/local/bin/node", "--max-semi-space-size=4", "--liftoff-only", "/hubflake/dist/main.js", "destination"]
LABEL io.airbyte.name=hubflake/destination-snowflake io.airbyte.version=${VERSION}

# The last stage is what a build makes where no target is named.
FROM common AS source
ARG VERSION=0.2.0
ENV AIRBYTE_ENTRYPOINT="/usr/local/bin/node --max-semi-space-size=4 --liftoff-only /hubflake/dist/main.js"
ENTRYPOINT ["/usr/local/bin/node", "--max-semi-space-size=4", "--liftoff-only", "/hubflake/dist/main.js"]
LABEL io.airbyte.name=hubflake/source-hubspot io.airbyte.version=${VERSION}
