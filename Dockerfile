# The image of either source, for Airbyte's platform and for plain `docker run`:
#   docker build --build-arg CONNECTOR=source-talentio --tag source-talentio:0.1.0 .

# --- build: the environment, from the lock file -------------------------------------------------------------------------
FROM python:3.11-slim AS build

# From the package index, so that building needs no second registry.
RUN pip install --no-cache-dir "uv>=0.9,<1"

WORKDIR /airbyte/integration_code
# Copied rather than linked, so that the environment survives the way into the next stage; compiled here, because the
# user of the image may not write there and would compile at each start. The image's own Python, never a downloaded one.
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/airbyte/environment

# The dependencies first and alone: they change seldom, and Docker keeps the layer.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project

COPY README.md LICENSE ./
COPY connector_kit connector_kit
COPY source_talentics source_talentics
COPY source_talentio source_talentio
RUN uv sync --frozen --no-dev --no-editable

# --- run: the environment and one program -------------------------------------------------------------------------------
FROM python:3.11-slim

ARG CONNECTOR=source-talentics
RUN case "$CONNECTOR" in \
      source-talentics | source-talentio) ;; \
      *) echo "CONNECTOR must be source-talentics or source-talentio, not '$CONNECTOR'" >&2; exit 1 ;; \
    esac \
    && groupadd --gid 1000 airbyte \
    && useradd --uid 1000 --gid 1000 --create-home --shell /usr/sbin/nologin airbyte \
    && mkdir --parents /airbyte \
    && ln --symbolic "/airbyte/environment/bin/$CONNECTOR" /airbyte/connector

COPY --from=build /airbyte/environment /airbyte/environment

# By number: Kubernetes checks `runAsNonRoot` by it, and knows no names.
USER 1000:1000
WORKDIR /home/airbyte

# Airbyte's platform reads the command from here; the link stands for the program that CONNECTOR chose.
ENV AIRBYTE_ENTRYPOINT=/airbyte/connector
ENTRYPOINT ["/airbyte/connector"]

LABEL org.opencontainers.image.title=$CONNECTOR
LABEL org.opencontainers.image.licenses=MIT
LABEL io.airbyte.name=$CONNECTOR
LABEL io.airbyte.version=0.1.0
