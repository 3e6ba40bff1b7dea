#!/usr/bin/env bash
# Writes the client anew from the committed OpenAPI document. A test compares what it writes with what is committed.
#   src/Dpfah.Client/generate.sh            into src/Dpfah.Client/Generated
#   src/Dpfah.Client/generate.sh FOLDER     elsewhere
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder="${1:-src/Dpfah.Client/Generated}"
kiota=Microsoft.Kiota.Serialization
export KIOTA_TUTORIAL_ENABLED=false KIOTA_OFFLINE_ENABLED=true
dotnet tool restore --tool-manifest dotnet-tools.json > /dev/null
dotnet kiota generate --language CSharp --openapi tests/Dpfah.FunctionalTests/OpenApi/openapi.v1.json \
    --output "$folder" --clean-output --class-name DpfahClient --namespace-name Dpfah.Client \
    --exclude-backward-compatible --log-level Error \
    --serializer "$kiota.Json.JsonSerializationWriterFactory" --serializer "$kiota.Text.TextSerializationWriterFactory" \
    --serializer "$kiota.Multipart.MultipartSerializationWriterFactory" \
    --deserializer "$kiota.Json.JsonParseNodeFactory" --deserializer "$kiota.Text.TextParseNodeFactory"
# It tells the path of the document as seen from the folder, and times; neither is of use.
rm -f "$folder/.kiota.log" "$folder/kiota-lock.json"
