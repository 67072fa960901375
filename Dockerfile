# The image that Airbyte, Docker or Kubernetes runs. Where no registry can be reached, give another base:
#   docker build --build-arg BASE=my-node:24 .
ARG BASE=node:24-slim

FROM ${BASE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/clean.mjs scripts/
COPY spec spec
COPY src src
RUN npm run build && npm prune --omit=dev

FROM ${BASE}
# Airbyte expects a user of this name. The base image's own user has the id 1000.
RUN userdel --remove node && useradd --uid 1000 --create-home airbyte && install -d -o airbyte /airbyte
WORKDIR /airbyte
COPY --from=build /build/package.json /hubflake/
COPY --from=build /build/node_modules /hubflake/node_modules
COPY --from=build /build/dist /hubflake/dist
COPY --from=build /build/spec /hubflake/spec
COPY LICENSE /hubflake/
USER airbyte
ENV AIRBYTE_ENTRYPOINT="node /hubflake/dist/main.js"
ENTRYPOINT ["node", "/hubflake/dist/main.js"]
LABEL io.airbyte.name=hubflake/source-hubspot io.airbyte.version=0.1.0
