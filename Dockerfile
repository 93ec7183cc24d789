# The image of either source, for Airbyte's platform and for plain `docker run`:
#   docker build --build-arg CONNECTOR=source-talentio --tag source-talentio:0.1.0 .
# Behind a company's proxy, or with an index of its own, what this machine knows of them goes in as secrets, which leave
# nothing in the image; and `--build-arg BASE=…` names the same base in another registry:
#   --secret id=certificates,src=/etc/ssl/certs/ca-certificates.crt --secret id=pip.conf,src=… --secret id=uv.toml,src=…

# To the patch and the release of Debian: a newer one is a change of this line.
ARG BASE=python:3.11.14-slim-trixie

# --- build: the environment, from the lock file -------------------------------------------------------------------------
FROM ${BASE} AS build

WORKDIR /airbyte/integration_code
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt UV_SYSTEM_CERTS=1 UV_LINK_MODE=copy UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never

# What airbyte-cdk drags in for other kinds of sources: no command of these imports it.
ENV NOT_INSTALLED="boltons bracex click cloudpickle dateparser google-api-core google-auth google-cloud-secret-manager \
      googleapis-common-protos grpc-google-iam-v1 grpcio grpcio-status joblib markdown-it-py mdurl nltk numpy pandas \
      proto-plus protobuf pyasn1 pyasn1-modules pycparser pygments python-ulid rapidfuzz regex rich rich-click setuptools \
      tqdm tzlocal unidecode wcmatch"

# The dependencies first and alone: they change seldom, and Docker keeps the layer. Each is the file whose hash the lock
# has, and none is built; exported, since `uv sync` would fetch them from the lock's own index alone.
COPY pyproject.toml uv.lock ./
RUN --mount=type=secret,id=certificates,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    --mount=type=secret,id=uv.toml,target=/etc/uv/uv.toml \
    pip install --no-cache-dir --root-user-action ignore uv==0.13.9 \
    && locked="uv export --quiet --frozen --no-emit-project" \
    && $locked --no-dev $(printf ' --no-emit-package %s' $NOT_INSTALLED) --output-file /environment.txt \
    && $locked --only-group build --output-file /build.txt \
    && python -m venv --without-pip /airbyte/environment \
    && uv pip install --require-hashes --no-deps --no-build --python /airbyte/environment --requirement /environment.txt \
    && uv pip install --require-hashes --no-deps --no-build --system --requirement /build.txt

COPY README.md LICENSE ./
COPY connector_kit connector_kit
COPY source_talentics source_talentics
COPY source_talentio source_talentio
# Unpacked rather than installed, which would note the time. Of the environment's programs Python alone is needed, and of
# the packages nobody runs the tests.
RUN python -m hatchling build --target wheel --directory /wheel \
    && python -m zipfile --extract /wheel/*.whl /airbyte/environment/lib/python3.11/site-packages \
    && find /airbyte/environment/lib -type d -name tests -prune -exec rm -r {} + \
    && find /airbyte/environment/bin -type f -delete \
    && find /airbyte/environment -maxdepth 1 -name '.*' -type f -delete

# --- run: the environment and one program -------------------------------------------------------------------------------
FROM ${BASE}

COPY --from=build /airbyte/environment /airbyte/environment
# Here, since the user of the image may write nowhere and would compile at each start; the base has not even its own
# library compiled. By content rather than by time of file, which a build may change.
RUN python -m compileall -q -j 1 --invalidation-mode unchecked-hash \
      -x '/(site-packages/pip|ensurepip|idlelib|lib2to3|pydoc_data|tkinter|turtledemo)/' \
      /usr/local/lib/python3.11 /airbyte/environment/lib

ARG CONNECTOR=source-talentics
# SIGTERM and SIGINT wait until the program handles them: the kernel drops what the first process of a container does not.
RUN case "$CONNECTOR" in \
      source-talentics | source-talentio) ;; \
      *) echo "CONNECTOR must be source-talentics or source-talentio, not '$CONNECTOR'" >&2; exit 1 ;; \
    esac \
    && printf '%s\n' \
      '#!/usr/bin/env -S --block-signal=TERM,INT /airbyte/environment/bin/python' \
      "from $(echo "$CONNECTOR" | tr - _).__main__ import main" \
      'main()' >/airbyte/connector \
    && chmod 755 /airbyte/connector

# By number: Kubernetes checks `runAsNonRoot` by it, and knows no names. Any other will do as well.
USER 1000:1000
WORKDIR /airbyte

# Airbyte's platform reads the command from here.
ENV AIRBYTE_ENTRYPOINT=/airbyte/connector
ENTRYPOINT ["/airbyte/connector"]

LABEL org.opencontainers.image.title=$CONNECTOR
LABEL org.opencontainers.image.licenses=MIT
LABEL io.airbyte.name=$CONNECTOR
LABEL io.airbyte.version=0.1.0
