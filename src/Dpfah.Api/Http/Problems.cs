using System.Globalization;
using Dpfah.Api.Telemetry;
using Dpfah.Core.Health;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Search.Shards;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Dpfah.Api.Http;

/// <summary>
/// Every error as problem details (RFC 9457): a stable <c>type</c> and <c>code</c>, and a <c>detail</c> that says what to change.
/// </summary>
internal static class Problems
{
    public static ProblemHttpResult BadParameter(string parameter, string detail) =>
        Create(StatusCodes.Status400BadRequest, "bad-parameter", "A parameter is not valid", detail, ("parameter", parameter));

    public static ProblemHttpResult BadBody(string detail) =>
        Create(StatusCodes.Status400BadRequest, "bad-body", "The request's body is not valid", detail);

    public static ProblemHttpResult NoCollection(string name) => Create(
        StatusCodes.Status404NotFound,
        "collection-not-found",
        "There is no such collection",
        $"There is no collection '{name}'. GET /collections lists them; PUT /collections/{{name}} makes one.",
        ("parameter", "collection"));

    public static ProblemHttpResult NoModel(string name, IEnumerable<string> known) => Create(
        StatusCodes.Status404NotFound,
        "model-not-found",
        "There is no such model",
        $"There is no model '{name}'. There are: {string.Join(", ", known)}. GET /models tells more.",
        ("parameter", "model"));

    public static ProblemHttpResult BadModel(string detail) => Create(
        StatusCodes.Status422UnprocessableEntity, "bad-model", "The files are no model that this service can run", detail);

    public static ProblemHttpResult ModelNameTaken(string name) => Create(
        StatusCodes.Status409Conflict,
        "model-name-taken",
        "Another model has this name",
        $"Another model is already named '{name}'. Delete it first, or give this one another name in its description.",
        ("parameter", "head"));

    public static ProblemHttpResult ModelIsDefault(string name) => Create(
        StatusCodes.Status409Conflict, "model-is-default", "The model is in use", $"'{name}' is the model that new collections start with; it stays.", ("parameter", "model"));

    public static ProblemHttpResult ModelInUse(string name, IEnumerable<string> collections) => Create(
        StatusCodes.Status409Conflict,
        "model-in-use",
        "The model is in use",
        $"These collections have codes of '{name}', active or not: {string.Join(", ", collections)}. Delete the codes or the collections first.",
        ("parameter", "model"));

    public static ProblemHttpResult ModelHasChildren(string name, IEnumerable<string> children) => Create(
        StatusCodes.Status409Conflict,
        "model-has-children",
        "Other models started from this one",
        $"These models started from '{name}', and what it was trained on counts as seen by them: {string.Join(", ", children)}. Delete them first.",
        ("parameter", "model"));

    public static ProblemHttpResult OtherModel(string collection, string model) => Create(
        StatusCodes.Status409Conflict,
        "other-model",
        "The collection has another model",
        $"Collection '{collection}' is there already, under model '{model}', and stays as it is. Take another name, or delete it first.",
        ("parameter", "model"));

    public static ProblemHttpResult Sharded(ShardedCollectionException sharded) => Create(
        StatusCodes.Status409Conflict, "sharded-collection", "The collection is spread over shards", sharded.Message, ("collection", sharded.Collection));

    public static ProblemHttpResult NoCluster() => Create(
        StatusCodes.Status409Conflict,
        "no-cluster",
        "The service is no node of a cluster",
        $"Shards are spread over the nodes of a cluster, and this service is none: set Dpfah:{nameof(Hosting.ServiceOptions.ClusterAddress)} on every node, or leave 'shards' out.",
        ("parameter", "shards"));

    public static ProblemHttpResult OtherShards(string collection, ShardLayout? layout) => Create(
        StatusCodes.Status409Conflict,
        "other-shards",
        "The collection is spread in another way",
        $"Collection '{collection}' is there already, {(layout is null ? "whole on every node" : $"in {layout.Shards} shards of {layout.Replicas} replicas")}. "
        + $"POST /collections/{collection}/reshard changes that while it answers.",
        ("parameter", "shards"));

    public static ProblemHttpResult NoJob(string job) => Create(
        StatusCodes.Status404NotFound,
        "job-not-found",
        "There is no such job",
        $"There is no job '{job}'. GET /jobs lists them; a job is forgotten some time after its end.",
        ("parameter", "job"));

    public static ProblemHttpResult NoImage(string collection, string id) => Create(
        StatusCodes.Status404NotFound,
        "image-not-found",
        "There is no such picture",
        $"Collection '{collection}' has no picture with the id '{id}'.",
        ("parameter", "id"));

    public static ProblemHttpResult OtherGeneration(string collection) => Create(
        StatusCodes.Status409Conflict,
        "other-generation",
        "The ranking has changed",
        $"Collection '{collection}' is answered by another generation of codes than the cursor's. Search again from the first page.");

    public static ProblemHttpResult NoSameLabelFit(string collection) => Create(
        StatusCodes.Status409Conflict,
        "no-confidence",
        "The labels say too little",
        $"How likely pictures of collection '{collection}' have a label in common at a distance is not known: it takes at least "
        + $"{2 * SameLabelFit.LeastItemsPerHalf} labelled pictures of two labels or more, some of which share one. Label some, or ask for a 'radius'.",
        ("parameter", "confidence"));

    public static ProblemHttpResult ConfidenceNotReached(string collection, double highest) => Create(
        StatusCodes.Status409Conflict,
        "confidence-not-reached",
        "No distance is near enough",
        string.Create(
            CultureInfo.InvariantCulture,
            $"Even pictures of collection '{collection}' with equal codes have a label in common with a probability of {highest:0.####} only. Ask for a lower 'confidence', or for a 'radius'."),
        ("parameter", "confidence"));

    public static ProblemHttpResult NoDuplicatesJob(string collection, string job) => Create(
        StatusCodes.Status404NotFound,
        "job-not-found",
        "There is no such job",
        $"Job '{job}' is no search for near duplicates of collection '{collection}'. GET /jobs?kind=duplicates lists them.",
        ("parameter", "job"));

    public static ProblemHttpResult JobNotSucceeded(long job, string state) => Create(
        StatusCodes.Status409Conflict,
        "job-not-succeeded",
        "The job has no result",
        $"Job {job} is {state}: there is a result when it has succeeded. GET /jobs/{job} tells more.",
        ("parameter", "job"));

    public static ProblemHttpResult TooFewLabels(string detail) => Create(
        StatusCodes.Status422UnprocessableEntity, "too-few-labels", "There is nothing to measure with", detail);

    public static ProblemHttpResult BadDataset(string detail) => Create(
        StatusCodes.Status422UnprocessableEntity, "bad-dataset", "The data set cannot be used", detail, ("parameter", "dataset"));

    public static ProblemHttpResult NoPlot(string name, IEnumerable<string> known) => Create(
        StatusCodes.Status404NotFound,
        "plot-not-found",
        "There is no such figure",
        known.Any()
            ? $"The model has no figure '{name}'. There are: {string.Join(", ", known)}."
            : $"The model has no figure '{name}', nor any other: POST /evaluations draws some.",
        ("parameter", "name"));

    public static ProblemHttpResult NoFeedback(string collection, string number) => Create(
        StatusCodes.Status404NotFound,
        "feedback-not-found",
        "There is no such feedback",
        $"Collection '{collection}' has no feedback '{number}'. GET /collections/{collection}/feedback lists it.",
        ("parameter", "number"));

    public static ProblemHttpResult NotMarked(string first, string second) => Create(
        StatusCodes.Status404NotFound,
        "pair-not-found",
        "The pair is not marked",
        $"'{first}' and '{second}' are not marked as no duplicates.");

    public static ProblemHttpResult NoGeneration(string collection, string generation) => Create(
        StatusCodes.Status404NotFound,
        "generation-not-found",
        "There is no such generation",
        $"Collection '{collection}' has no generation '{generation}'. GET /collections/{collection}/generations lists them.",
        ("parameter", "generation"));

    public static ProblemHttpResult NoReadyGeneration(string collection, int generation) => Create(
        StatusCodes.Status404NotFound,
        "generation-not-found",
        "There is no such generation",
        $"Collection '{collection}' has no generation {generation} that answers or is ready to. GET /collections/{collection}/generations lists them.",
        ("parameter", "generation"));

    public static ProblemHttpResult NoAttention(string model) => Create(
        StatusCodes.Status409Conflict,
        "no-attention",
        "The model has no attention",
        $"The network of model '{model}' has no attention that could be shown. GET /models tells which have; '/explain' in place of '/attention' works with any network.");

    public static ProblemHttpResult CannotExplain(string model) => Create(
        StatusCodes.Status409Conflict,
        "cannot-explain",
        "The model cannot be explained",
        $"What computes the codes of model '{model}' here is no network that it knows how to look into. Its codes can be compared: POST /compare.");

    public static ProblemHttpResult SameGeneration(int generation, string detail) => Create(
        StatusCodes.Status409Conflict, "same-generation", "The collection has this generation", detail, ("generation", generation));

    public static ProblemHttpResult OtherGenerationLive(int generation, string detail) => Create(
        StatusCodes.Status409Conflict, "generation-in-progress", "Another generation is on its way", detail, ("generation", generation));

    public static ProblemHttpResult GenerationInUse(int generation, string detail) => Create(
        StatusCodes.Status409Conflict, "generation-in-use", "The generation is in use", detail, ("generation", generation));

    public static ProblemHttpResult ItemsMissing(long missing, string detail) => Create(
        StatusCodes.Status409Conflict, "items-missing", "Pictures are missing in the generation", detail, ("missing", missing));

    public static ProblemHttpResult NotCompared(string detail) => Create(
        StatusCodes.Status409Conflict, "not-compared", "The generation was not compared with the one that answers", detail);

    public static ProblemHttpResult GateClosed(string detail, GenerationComparison comparison) => Create(
        StatusCodes.Status409Conflict,
        "gate-closed",
        "The generation is not known to be as good as the one that answers",
        $"{detail} Send {{\"force\": true}} to activate it all the same: the history will say who did.",
        ("comparison", comparison));

    public static ProblemHttpResult ConfirmationNeeded(string detail, GenerationComparison comparison) => Create(
        StatusCodes.Status409Conflict,
        "confirmation-needed",
        "Nobody can measure which generation is better",
        $"{detail} Send {{\"confirm\": true}} to activate it: the history will say who did.",
        ("comparison", comparison));

    public static ProblemHttpResult OtherEpoch(string detail) => Create(
        StatusCodes.Status409Conflict, "other-epoch", "The position belongs to another database", detail, ("parameter", "minPosition"));

    public static ProblemHttpResult OtherTag(string id) => Create(
        StatusCodes.Status412PreconditionFailed,
        "other-version",
        "The picture has changed",
        $"The picture '{id}' is not in the state that If-Match names. Read it again and repeat the change on what it is now.");

    public static ProblemHttpResult Rejected(PreviewResult result) => result.Rejection switch
    {
        ImageRejection.NotAnImage => Create(StatusCodes.Status415UnsupportedMediaType, "not-an-image", "Not a picture", result.Detail),
        ImageRejection.TooManyPixels => Create(
            StatusCodes.Status422UnprocessableEntity, "too-many-pixels", "The picture has too many pixels", result.Detail),
        ImageRejection.EndedDecoder => Create(
            StatusCodes.Status422UnprocessableEntity, "ended-decoder", "The picture ended its decoder", result.Detail),
        ImageRejection.TooSlow => Create(
            StatusCodes.Status422UnprocessableEntity, "decoding-too-slow", "The picture takes too long to decode", result.Detail),
        _ => Create(StatusCodes.Status422UnprocessableEntity, "undecodable", "The picture cannot be decoded", result.Detail),
    };

    public static ProblemHttpResult UnknownHost(string host) => Create(
        StatusCodes.Status400BadRequest,
        "unknown-host",
        "The service does not answer under this name",
        $"Without a key the service answers under localhost and loopback addresses only, not '{host}'. Use one of them, or set {Hosting.ApiHost.AdminKeyVariable}, or make a key by 'dpfah keys create'.");

    public static ProblemHttpResult ForwardedWithoutKey(string header) => Create(
        StatusCodes.Status403Forbidden,
        "forwarded-without-key",
        "A service behind a proxy needs a key",
        $"The request has the header '{header}': a proxy passes on what others send, and without a key the service answers this machine alone. Make a key by 'dpfah keys create', or set {Hosting.ApiHost.AdminKeyVariable}, and name the proxy by Dpfah:Proxies:0.");

    public static ProblemHttpResult TooManyStreams(string whose, int most) => Create(
        StatusCodes.Status429TooManyRequests,
        "too-many-streams",
        "Too many streams of events are open",
        $"Of {whose} {most:N0} streams of events may be open at once. Close one, or read the job itself: GET /jobs/{{job}}.");

    public static ProblemHttpResult Unauthorized() => Create(
        StatusCodes.Status401Unauthorized,
        "no-key",
        "An API key is needed",
        "Send an API key as 'Authorization: Bearer KEY' or 'X-Api-Key: KEY'. The key that was sent, if any, is not known here.");

    public static ProblemHttpResult Forbidden() => Create(
        StatusCodes.Status403Forbidden, "role-too-low", "The key's role does not allow this", "Use a key of a higher role.");

    public static ProblemHttpResult CrossSite() => Create(
        StatusCodes.Status403Forbidden,
        "cross-site",
        "The request does not come from the service's own page",
        "Without a key, or with that of a cookie, the service takes no writes and searches from pages of other sites. Send a key as 'Authorization: Bearer KEY' or 'X-Api-Key: KEY'.");

    public static ProblemHttpResult LimitedKey() => Create(
        StatusCodes.Status403Forbidden,
        "limited-key",
        "The key is for some collections only",
        "What was asked for is of no collection of the key, or of all. Use a key without a list of collections.");

    public static ProblemHttpResult KeyNameTaken(string name) => Create(
        StatusCodes.Status409Conflict,
        "key-name-taken",
        "Another key has this name",
        $"Another key is already named '{name}'. Revoke it first, or take another name.",
        ("parameter", "name"));

    public static ProblemHttpResult NoKey(string key) => Create(
        StatusCodes.Status404NotFound,
        "key-not-found",
        "There is no such key",
        $"There is no key with the number or name '{key}'. GET /api-keys lists them.",
        ("parameter", "key"));

    public static ProblemHttpResult TrainingRefused(string code, string detail, bool isConflict) => Create(
        isConflict ? StatusCodes.Status409Conflict : StatusCodes.Status422UnprocessableEntity, code, "The training cannot be started", detail);

    public static ProblemHttpResult TooSlow() => Create(
        StatusCodes.Status408RequestTimeout, "too-slow", "The request came too slowly", "The request's body arrived too slowly. Send it again.");

    public static ProblemHttpResult TooManyRequests(string whose, int rate, string setting) => Create(
        StatusCodes.Status429TooManyRequests,
        "too-many-requests",
        "Too many requests",
        $"Of {whose} {rate:N0} requests a second are answered (setting Dpfah:{setting}). Wait as long as Retry-After says.");

    public static ProblemHttpResult TooManyWrongKeys() => Create(
        StatusCodes.Status429TooManyRequests,
        "too-many-wrong-keys",
        "Too many wrong keys",
        $"This key is not known here, and many wrong ones came from this address (setting Dpfah:{nameof(Hosting.ServiceOptions.FailedKeysPerMinute)}). Send a right one, or wait as long as Retry-After says.");

    public static ProblemHttpResult TimedOut(TimeSpan time, string setting) => Create(
        StatusCodes.Status503ServiceUnavailable,
        "timed-out",
        "The request took too long",
        $"The request was given up after {time.TotalSeconds:N0} s (setting Dpfah:{setting}), the arrival of its body and its waiting included. A write may or may not have been carried out: repeat it, it is idempotent by its id.");

    public static ProblemHttpResult QuotaExceeded(string detail) =>
        Create(StatusCodes.Status409Conflict, "quota-exceeded", "The collection is full", detail);

    public static ProblemHttpResult SpoolFull(string detail) =>
        Create(StatusCodes.Status507InsufficientStorage, "spool-full", "There is no room for further uploads", detail);

    public static ProblemHttpResult TooLarge(long limit) => Create(
        StatusCodes.Status413PayloadTooLarge,
        "too-large",
        "The request is too large",
        $"A request's body has at most {limit:N0} bytes here{(limit is Hosting.ApiLimits.MaxBodyBytes or Hosting.ApiLimits.MaxBatchBytes ? "; send a smaller or more strongly compressed picture" : "")}.");

    public static ProblemHttpResult NotImportable(string? contentType) => Create(
        StatusCodes.Status415UnsupportedMediaType,
        "not-importable",
        "Nothing that can be imported",
        $"The body is no zip, tar or tar.gz by its first bytes, and its content type '{contentType}' says neither 'application/x-ndjson' nor 'text/csv'.");

    public static ProblemHttpResult NotReady(string detail) =>
        Create(StatusCodes.Status503ServiceUnavailable, "not-ready", "The service is not ready", detail);

    public static ProblemHttpResult EncoderBusy(string detail) =>
        Create(StatusCodes.Status503ServiceUnavailable, "encoder-busy", "Too many pictures are waiting", detail);

    public static ProblemHttpResult DecodersUnavailable(string detail) =>
        Create(StatusCodes.Status503ServiceUnavailable, "decoders-unavailable", "Pictures cannot be decoded now", detail);

    public static ProblemHttpResult DatabaseDown() => Create(
        StatusCodes.Status503ServiceUnavailable,
        "database-unavailable",
        "The database does not answer",
        "The database does not answer at the moment. A write may or may not have been carried out: repeat it in some seconds, it is idempotent by its id.");

    public static ProblemHttpResult DiskFull() => Create(
        StatusCodes.Status507InsufficientStorage,
        "disk-full",
        "The disk is full",
        "The disk of the service or of its database is full: the request could not be carried out. Free some space there, then send it again.");

    public static ProblemHttpResult Internal(string traceId) => Create(
        StatusCodes.Status500InternalServerError,
        "internal-error",
        "Something went wrong inside of the service",
        $"The service's log has the cause under trace '{traceId}'.");

    /// <summary>The problem for a bare status, such as an unknown path.</summary>
    public static ProblemHttpResult ForStatus(int status, HttpRequest request) => status switch
    {
        StatusCodes.Status404NotFound => Create(
            status, "no-such-path", "There is no such path", $"'{request.Path}' is no path of this service. GET /openapi/v1.json lists them."),
        StatusCodes.Status405MethodNotAllowed => Create(
            status, "method-not-allowed", "The path does not take this method", $"'{request.Path}' does not take {request.Method}; the Allow header lists what it takes."),
        StatusCodes.Status413PayloadTooLarge => TooLarge(Hosting.ApiLimits.BodyLimit(request.HttpContext)),
        StatusCodes.Status415UnsupportedMediaType => Create(
            status,
            "unsupported-content-type",
            "The content type is not accepted",
            // Whatever takes a picture takes any type, so that this is told of JSON only.
            $"'{request.Path}' does not take a body of type '{request.ContentType}'; send 'application/json'."),
        _ => Create(status, $"status-{status}", "The request failed", $"The request ended with status {status}."),
    };

    private static ProblemHttpResult Create(
        int status, string code, string title, string detail, params ReadOnlySpan<(string Name, object Value)> more)
    {
        ApiTelemetry.CountProblem(status, code);
        var problem = new ProblemDetails { Status = status, Title = title, Detail = detail, Type = $"urn:dpfah:problem:{code}" };
        problem.Extensions["code"] = code;
        foreach ((string name, object value) in more)
        {
            problem.Extensions[name] = value;
        }

        return TypedResults.Problem(problem);
    }
}
