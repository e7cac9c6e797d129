# Two images: the service (the default), and with `--target sandbox` the same with what it is tried out with. What builds them (pip,
# hatchling) is in neither. Everything from the registry is held to its hash.
FROM python:3.12-slim AS build
WORKDIR /src
COPY requirements.lock requirements-build.lock requirements-sandbox.lock ./
RUN python -m venv /opt/build
RUN /opt/build/bin/pip install --no-cache-dir --no-deps --require-hashes --requirement requirements-build.lock
RUN python -m venv --without-pip /opt/venv
RUN /opt/build/bin/pip --python /opt/venv/bin/python install --no-cache-dir --no-deps --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY consumer consumer
COPY schemas schemas
COPY templates templates
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /opt/wheels .
RUN /opt/build/bin/pip --python /opt/venv/bin/python install --no-deps --no-index --find-links /opt/wheels provisioner

FROM build AS build-sandbox
COPY sandbox sandbox
RUN /opt/build/bin/pip --python /opt/venv/bin/python install --no-cache-dir --no-deps --require-hashes --requirement requirements-sandbox.lock
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /opt/wheels ./sandbox
RUN /opt/build/bin/pip --python /opt/venv/bin/python install --no-deps --no-index --find-links /opt/wheels provisioner-sandbox

FROM python:3.12-slim AS base
RUN useradd --system --uid 10001 --no-create-home provisioner && install --directory --owner=provisioner /var/lib/provisioner
WORKDIR /app
COPY config config
COPY schemas schemas
COPY templates templates
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
EXPOSE 9464
HEALTHCHECK --start-period=30s CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:9464/livez', timeout=3)"]
ENTRYPOINT ["provisioner"]
CMD ["run"]

FROM base AS sandbox
COPY --from=build-sandbox /opt/venv /opt/venv

FROM base AS service
COPY --from=build /opt/venv /opt/venv
