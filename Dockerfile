# Three stages: the workspace is built with the development packages, the packages that serve are installed without
# them, and the image takes the outcome of both. TypeScript runs as it is: Node 24 strips the types.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY src src
COPY web web
RUN npm run build

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# TypeScript would come as the optional companion of another package.
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund

FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
# Without DATABASE_URL the embedded database is here: mount a volume.
RUN mkdir /data && chown node:node /data
COPY package.json LICENSE ./
COPY bin bin
COPY sandbox sandbox
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/web/dist web/dist
COPY connectors connectors
COPY jobs jobs
COPY src src
USER node
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# `web`, `worker` or nothing for both. Node is the first process and takes SIGTERM itself.
ENTRYPOINT ["node", "src/main.ts"]
