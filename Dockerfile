# One image for every process of an instance; the command says which:
#   node apps/{gateway,inbox-ingest,status-projection,delivery}/dist/main.js, or node apps/cli/dist/main.js migrate
# Whether a process is well is asked at /healthz and /readyz by whoever runs it: there is no HEALTHCHECK here.
ARG NODE=node:24.21.0-trixie-slim

# What npm needs to know, alone: a change of sources leaves the layers with packages as they are.
FROM ${NODE} AS manifests
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY apps apps
COPY libs libs
RUN find apps libs -type f ! -path '*/*/package.json' -delete && find apps libs -mindepth 2 -type d -empty -delete

# Not `npm ci`: it refuses a lock file that leaves out optional packages of other platforms. The versions are those of the lock file.
# No scripts, nothing optional: they would bring a second Node and a PostgreSQL.
FROM ${NODE} AS packages
WORKDIR /app
COPY --from=manifests /app ./
RUN --mount=type=cache,target=/root/.npm \
    npm install --omit=dev --omit=optional --ignore-scripts --no-save --no-audit

FROM ${NODE} AS build
WORKDIR /app
COPY --from=manifests /app ./
RUN --mount=type=cache,target=/root/.npm \
    npm install --omit=dev --ignore-scripts --no-save --no-audit
COPY apps apps
COPY libs libs
COPY tools/build.mjs tools/build.mjs
RUN node tools/build.mjs && find apps libs -type d -name src -prune -exec rm -r {} + && rm -r libs/testkit

FROM ${NODE}
# As tools/services/node-args.mjs, which says why. A container that is given more than 512 MB may be given a larger heap.
ENV NODE_ENV=production NODE_OPTIONS="--enable-source-maps --max-semi-space-size=4 --max-old-space-size=256"
WORKDIR /app
# Owned by root and not written to: the root file system may be read-only.
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/apps apps
COPY --from=build /app/libs libs
COPY package.json ./
# By number, so that Kubernetes can see that it is not root.
USER 1000:1000
EXPOSE 8080
# Without the base image's shell script in between: node itself gets SIGTERM.
ENTRYPOINT []
CMD ["node", "apps/cli/dist/main.js", "--help"]
