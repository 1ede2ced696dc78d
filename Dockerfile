# Holdfast as an image: `docker build -t holdfast .`, then
#   docker run -p 7411:7411 -v holdfast-data:/data -v "$PWD/config:/config:ro" holdfast
# A container is reached from elsewhere, so the node wants TLS, and to know its callers. The folder
# config holds server.pem and server.key, which name localhost too, ca.pem for the health check, and
# principals.toml (docs/access.md), all readable by user 10001. For a trial they are made by
# `holdfast auth certificates --to config` and `holdfast auth keys --to config`. Mount the folder,
# not its files: then what is replaced in it is in force within a second, without a restart.
# An adapter runs in the same image: --no-healthcheck --entrypoint holdfast-adapter, see docs/adapters.md;
# deploy/compose.yaml has both. scripts/run_dockerfile_steps.py runs these steps without a Docker engine.

FROM python:3.13-slim-bookworm AS build
WORKDIR /build
COPY requirements requirements/
RUN python -m pip install --no-cache-dir --no-deps -r requirements/build.txt
RUN python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels \
    -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY engine engine/
COPY clients/python clients/python/
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheels ./clients/python .
# The volume's folder is made here so that the last stage can copy it with its owner.
RUN mkdir /empty

FROM python:3.13-slim-bookworm
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    python -m pip install --no-cache-dir --no-index --no-deps /wheels/*.whl && python -m pip check
COPY --from=build --chown=10001:10001 /empty /data
ENV PYTHONUNBUFFERED=1
ENV HOLDFAST_LISTEN=0.0.0.0:7411
ENV HOLDFAST_METRICS_LISTEN=0.0.0.0:9464
ENV HOLDFAST_TLS_CERTIFICATE=/config/server.pem
ENV HOLDFAST_TLS_KEY=/config/server.key
ENV HOLDFAST_PRINCIPALS=/config/principals.toml
# What commands in the container, and its health check, reach the node by.
ENV HOLDFAST_ADDRESS=localhost:7411
ENV HOLDFAST_CA=/config/ca.pem
WORKDIR /data
USER 10001:10001
VOLUME ["/data"]
EXPOSE 7411 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["holdfast", "health"]
ENTRYPOINT ["holdfast", "serve", "--data-dir", "/data"]
