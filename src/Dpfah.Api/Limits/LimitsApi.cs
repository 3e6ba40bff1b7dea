using Dpfah.Api.Access;
using Dpfah.Api.Hosting;
using Dpfah.Api.Http;
using Dpfah.Api.Models;
using Dpfah.Api.OpenApi;
using Dpfah.Core.Codes;
using Dpfah.Engine;
using Dpfah.Engine.Access;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Decoding;
using Dpfah.Engine.Imports;
using Dpfah.Engine.Search;
using Dpfah.Engine.Search.Shards;
using Dpfah.Learning.Imaging;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Dpfah.Api.Limits;

/// <summary>Tells the limits that are in force, from where they are enforced.</summary>
internal static class LimitsApi
{
    public static void MapLimits(this IEndpointRouteBuilder routes) => routes.MapGet("/limits", Get)
        .WithTags("Health")
        .RequireAuthorization(Policies.Reader)
        .KeepsToCollections()
        .WithQueryGuard()
        .WithName("getLimits")
        .WithSummary("All limits that are in force")
        .WithDescription("Sizes in bytes, times in seconds. What is null has no limit.")
        .ProducesProblems();

    private static Ok<LimitsResponse> Get(ServiceOptions options, EngineOptions engine, IOptions<KestrelServerOptions> kestrel)
    {
        KestrelServerLimits server = kestrel.Value.Limits;
        double? decodingSeconds = options.IsolateDecoder ? options.DecodeTimeout.TotalSeconds : null;
        ImportLimits imports = ImportLimits.Default;
        return TypedResults.Ok(new LimitsResponse(
            new BodyLimits(
                ApiLimits.MaxBodyBytes, JsonBody.MaxBytes, ApiLimits.MaxBatchBytes, options.ImportBytes, ModelBody.MaxBytes, ModelBody.MaxHeadBytes,
                options.SpooledBytes, ApiLimits.MaxPictureBytesInFlight, PictureBody.MaxFieldBytes, PictureBody.MaxOtherFields, server.MinRequestBodyDataRate?.BytesPerSecond),
            new PictureLimits(
                PreviewMaker.DefaultPixelLimit, PreviewMaker.MostScans, ImageFormats, PreviewMaker.ShorterSide, PreviewMaker.LongestSide, options.PicturesInWork,
                OrNone(options.ImagesPerCollection), decodingSeconds, DecoderLimits.TimesForJobs * decodingSeconds,
                options.IsolateDecoder && OperatingSystem.IsLinux() ? options.DecoderBytes : null),
            new SearchRequestLimits(
                SearchLimits.MaxK, BinaryCode.MaxBits, SearchLimits.MaxBatch, SearchLimits.MaxCollections, SearchFilter.MaxBytes, SearchFilter.MaxDepth,
                SearchLimits.MaxLabelBytes, ApiLimits.MaxLimit),
            new TextLimits(
                CatalogueRules.MaxId, CatalogueRules.MaxCollectionName, CatalogueRules.MaxLabels, CatalogueRules.MaxLabel, CatalogueRules.MaxMetadataBytes,
                CatalogueRules.MaxMetadataDepth, NewApiKey.MaxCollections),
            new ImportRequestLimits(
                imports.PictureBytes, imports.LineBytes, imports.RowCharacters, imports.ManifestFloor, imports.ManifestLines, imports.DirectoryBytes,
                imports.Expansion, imports.ExpansionFloor),
            new RateLimitsInForce(
                OrNone(options.RequestsPerSecond), OrNone(options.AnonymousRequestsPerSecond), RateBudget.BurstSeconds, OrNone(options.FailedKeysPerMinute)),
            new TimeLimits(
                options.RequestTimeout.TotalSeconds, options.UploadTimeout.TotalSeconds, options.TransferTimeout.TotalSeconds, engine.PositionTimeout.TotalSeconds,
                server.RequestHeadersTimeout.TotalSeconds, server.KeepAliveTimeout.TotalSeconds),
            new ConnectionLimits(
                server.MaxConcurrentConnections, OrNone(options.ConnectionsPerAddress), server.MaxRequestLineSize, server.MaxRequestHeadersTotalSize,
                server.MaxRequestHeaderCount, ApiLimits.MaxEventStreams, ApiLimits.MaxEventStreamsPerCaller),
            new ShardLimits(ShardLayout.MaxShards, ShardLayout.MaxReplicas, options.ShardTimeout.TotalSeconds)));
    }

    private static IReadOnlyList<string> ImageFormats { get; } = [.. Enum.GetNames<ImageFormat>().Select(name => name.ToLowerInvariant())];

    private static long? OrNone(long value) => value == 0 ? null : value;
}
