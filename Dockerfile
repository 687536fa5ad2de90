# Titrate's service image. PYTHONPATH instead of an install: the sources are the package, and fhir/ extends fhir.resources.
FROM python:3.11-slim
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONPATH=/app
WORKDIR /app
COPY pyproject.toml constraints.txt README.md ./
COPY models ./models
COPY fhir ./fhir
COPY cds_server ./cds_server
RUN pip install --no-cache-dir -c constraints.txt '.[redis,postgres]' \
 && useradd --create-home titrate && mkdir /data && chown titrate /data /app -R
USER titrate
# Compile the numerical kernels now, so that no container pays for it at start.
RUN python -c "from cds_server.warm import warm; from models.catalog import load_catalog; warm(load_catalog())"
VOLUME /data
EXPOSE 8080
CMD ["titrate", "serve", "--host", "0.0.0.0", "--port", "8080"]
