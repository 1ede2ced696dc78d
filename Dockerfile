# Holdfast as an image: `docker build -t holdfast .`, then
#   docker run -p 127.0.0.1:7411:7411 -v holdfast-data:/data holdfast
# An adapter runs in the same image: --no-healthcheck --entrypoint holdfast-adapter, see docs/adapters.md.
# The node speaks without TLS and knows no callers: publish its port on loopback or inside a
# private network only. scripts/run_dockerfile_steps.py runs these steps without a Docker engine.

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
WORKDIR /data
USER 10001:10001
VOLUME ["/data"]
EXPOSE 7411 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["holdfast", "health"]
ENTRYPOINT ["holdfast", "serve", "--data-dir", "/data"]
