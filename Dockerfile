# To build: docker build -t keyblock .
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY .swcrc nest-cli.json tsconfig.json tsconfig.build.json ./
COPY scripts/build.js scripts/bundle.js scripts/bundle-loader.js scripts/console.js scripts/
COPY console console
COPY src src
RUN npm run build

FROM node:24-slim AS dependencies
# npm compiles pkcs11js, by which the service reaches PKCS#11 tokens. It is optional: without compilers it would be left out.
RUN apt-get update && apt-get install -y --no-install-recommends python3 make g++
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev && npm cache clean --force && mv node_modules/pkcs11js /pkcs11js

FROM node:24-slim
ENV NODE_ENV=production \
    KEYBLOCK_HOST=0.0.0.0 \
    KEYBLOCK_DATA_DIR=/var/lib/keyblock
# For the embedded database, if it is used. A named volume that is mounted here inherits owner and mode.
RUN install -d -o node -g node -m 700 /var/lib/keyblock
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
# Neither the sources nor the object files.
COPY --from=dependencies /pkcs11js/package.json /pkcs11js/index.js /pkcs11js/LICENSE node_modules/pkcs11js/
COPY --from=dependencies /pkcs11js/build/Release/pkcs11.node node_modules/pkcs11js/build/Release/
RUN node --eval "require('pkcs11js')"
COPY --from=build /app/dist/bundle dist/bundle
COPY package.json ./
COPY bin bin
COPY public public
COPY --from=build /app/public/console public/console
COPY openapi openapi
COPY docker/healthcheck.js docker/
# For docker exec, which runs commands with the environment of the service.
RUN ln -s /app/bin/keyblock.js /usr/local/bin/keyblock
# The user node, by number because Kubernetes' runAsNonRoot needs one.
USER 1000
EXPOSE 8080
# The first start creates the embedded database, which takes a while.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["node", "docker/healthcheck.js"]
CMD ["node", "dist/bundle/main.js"]
