# syntax=docker/dockerfile:1

# The service with its command line tool.
#   docker build -t dpfah:cpu .
#   docker build -t dpfah:cuda --build-arg TORCH_BACKEND=cuda .
# The base images are Ubuntu 24.04, whose libstdc++ is as new as TorchSharp wants it. The CUDA build has the same base:
# its libtorch package carries the CUDA libraries, and the driver comes from the host by way of the NVIDIA Container Toolkit.

FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
ARG TORCH_BACKEND=cpu
# Restores by the lock files (CPU; they do not describe the CUDA build).
ENV CI=true
WORKDIR /source

# Only what decides about packages, so that a change of code does not fetch 500 MB anew.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY build/ build/
COPY src/Directory.Build.props src/
COPY src/Dpfah.Core/Dpfah.Core.csproj src/Dpfah.Core/packages.lock.json src/Dpfah.Core/
COPY src/Dpfah.Learning/Dpfah.Learning.csproj src/Dpfah.Learning/packages.lock.json src/Dpfah.Learning/
COPY src/Dpfah.Engine/Dpfah.Engine.csproj src/Dpfah.Engine/packages.lock.json src/Dpfah.Engine/
COPY src/Dpfah.Cluster/Dpfah.Cluster.csproj src/Dpfah.Cluster/packages.lock.json src/Dpfah.Cluster/
COPY src/Dpfah.Client/Dpfah.Client.csproj src/Dpfah.Client/packages.lock.json src/Dpfah.Client/
COPY src/Dpfah.Api/Dpfah.Api.csproj src/Dpfah.Api/packages.lock.json src/Dpfah.Api/
COPY src/Dpfah.Cli/Dpfah.Cli.csproj src/Dpfah.Cli/packages.lock.json src/Dpfah.Cli/
RUN dotnet restore src/Dpfah.Api -p:TorchBackend=$TORCH_BACKEND \
 && dotnet restore src/Dpfah.Cli -p:TorchBackend=$TORCH_BACKEND

COPY .editorconfig LICENSE THIRD-PARTY.md ./
COPY src/ src/
RUN dotnet publish src/Dpfah.Api --no-restore -c Release -o /app -p:TorchBackend=$TORCH_BACKEND \
 && cp LICENSE THIRD-PARTY.md /app/

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble
ENV ASPNETCORE_URLS=http://0.0.0.0:8080 \
    ASPNETCORE_HTTP_PORTS= \
    Dpfah__DataFolder=/data
WORKDIR /app
# JPEGs are decoded with vector instructions where this is installed; without it, to the same pixels, by Skia.
RUN apt-get update && apt-get install -y --no-install-recommends libturbojpeg && rm -rf /var/lib/apt/lists/*
# Owned by root and not writable by the user that runs it; only /data is.
COPY --from=build /app ./
RUN install -d -m 700 -o $APP_UID -g $APP_UID /data
USER $APP_UID
VOLUME /data
EXPOSE 8080
# The first start makes the first model.
HEALTHCHECK --interval=10s --timeout=5s --start-period=3m --start-interval=1s --retries=3 \
    CMD ["dotnet", "Dpfah.Api.dll", "healthcheck"]
ENTRYPOINT ["dotnet", "Dpfah.Api.dll"]
