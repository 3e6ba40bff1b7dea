using System.Collections.Frozen;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Dpfah.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Access;

/// <summary>
/// Every endpoint of the running service against every kind of caller. What is expected stands in a table that was reviewed line by line:
/// an endpoint that is not in it fails, and so does a line without an endpoint.
/// </summary>
public sealed class AccessMatrixTests : IAsyncLifetime
{
    private const string Mine = "mine";
    private const string Theirs = "theirs";

    private static readonly string[] Roles = ["reader", "indexer", "trainer", "admin"];

    /// <summary>The least role, and what a key sees that is for some collections only.</summary>
    private static readonly FrozenDictionary<string, (string Role, Limit Limit)> Expected = new Dictionary<string, (string, Limit)>
    {
        ["POST /search"] = ("reader", Limit.Looks),
        ["POST /search/code"] = ("reader", Limit.Looks),
        ["POST /search/batch"] = ("reader", Limit.Looks),
        ["POST /search/explain"] = ("reader", Limit.Looks),
        ["POST /compare"] = ("reader", Limit.Looks),
        ["GET /collections"] = ("reader", Limit.Looks),
        ["GET /collections/{collection}"] = ("reader", Limit.ByPath),
        ["PUT /collections/{collection}"] = ("indexer", Limit.ByPath),
        ["DELETE /collections/{collection}"] = ("indexer", Limit.ByPath),
        ["POST /collections/{collection}/reshard"] = ("admin", Limit.ByPath),
        ["POST /collections/{collection}/generations"] = ("indexer", Limit.ByPath),
        ["GET /collections/{collection}/generations"] = ("reader", Limit.ByPath),
        ["POST /collections/{collection}/generations/{generation}/activate"] = ("indexer", Limit.ByPath),
        ["DELETE /collections/{collection}/generations/{generation}"] = ("indexer", Limit.ByPath),
        ["POST /collections/{collection}/images"] = ("indexer", Limit.ByPath),
        ["GET /collections/{collection}/images"] = ("reader", Limit.ByPath),
        ["PUT /collections/{collection}/images/{id}"] = ("indexer", Limit.ByPath),
        ["GET /collections/{collection}/images/{id}"] = ("reader", Limit.ByPath),
        ["PATCH /collections/{collection}/images/{id}"] = ("indexer", Limit.ByPath),
        ["DELETE /collections/{collection}/images/{id}"] = ("indexer", Limit.ByPath),
        ["GET /collections/{collection}/images/{id}/preview"] = ("reader", Limit.ByPath),
        ["GET /collections/{collection}/images/{id}/similar"] = ("reader", Limit.ByPath),
        ["GET /collections/{collection}/images/{id}/attention"] = ("reader", Limit.ByPath),
        ["GET /collections/{collection}/images/{id}/explain"] = ("reader", Limit.ByPath),
        ["POST /collections/{collection}/feedback"] = ("indexer", Limit.ByPath),
        ["GET /collections/{collection}/feedback"] = ("reader", Limit.ByPath),
        ["DELETE /collections/{collection}/feedback/{number}"] = ("indexer", Limit.ByPath),
        ["POST /collections/{collection}/duplicates"] = ("indexer", Limit.ByPath),
        ["GET /collections/{collection}/duplicates/{job}"] = ("reader", Limit.ByPath),
        ["GET /collections/{collection}/duplicates/{job}/groups/{group}"] = ("reader", Limit.ByPath),
        ["GET /collections/{collection}/duplicates/{job}/export"] = ("reader", Limit.ByPath),
        ["POST /collections/{collection}/not-duplicates"] = ("indexer", Limit.ByPath),
        ["GET /collections/{collection}/not-duplicates"] = ("reader", Limit.ByPath),
        ["DELETE /collections/{collection}/not-duplicates"] = ("indexer", Limit.ByPath),
        ["POST /collections/{collection}/imports"] = ("indexer", Limit.ByPath),
        ["GET /collections/{collection}/export"] = ("reader", Limit.ByPath),
        ["GET /models"] = ("reader", Limit.Looks),
        ["POST /models"] = ("admin", Limit.Closed),
        ["GET /models/{model}"] = ("reader", Limit.Looks),
        ["GET /models/{model}/file"] = ("reader", Limit.Looks),
        ["DELETE /models/{model}"] = ("admin", Limit.Closed),
        ["GET /models/{model}/evaluation"] = ("reader", Limit.Looks),
        ["GET /models/{model}/plots/{name}"] = ("reader", Limit.Looks),
        ["POST /models/{model}/retrain"] = ("trainer", Limit.Looks),
        ["POST /training-jobs"] = ("trainer", Limit.Looks),
        ["POST /evaluations"] = ("trainer", Limit.Looks),
        ["GET /jobs"] = ("reader", Limit.Looks),
        ["GET /jobs/{job}"] = ("reader", Limit.Looks),
        ["GET /jobs/{job}/events"] = ("reader", Limit.Looks),
        ["GET /jobs/{job}/errors"] = ("reader", Limit.Looks),
        ["POST /jobs/{job}/cancel"] = ("indexer", Limit.Looks),
        ["POST /api-keys"] = ("admin", Limit.Closed),
        ["GET /api-keys"] = ("admin", Limit.Closed),
        ["DELETE /api-keys/{key}"] = ("admin", Limit.Closed),
        ["GET /audit"] = ("admin", Limit.Closed),
        ["GET /session"] = ("reader", Limit.Looks),
        ["GET /metrics"] = ("reader", Limit.Closed),
        ["GET /limits"] = ("reader", Limit.Looks),
    }.ToFrozenDictionary();

    /// <summary>What is open to everybody.</summary>
    private static readonly string[] Open = ["GET /health/live", "GET /health/ready", "GET /openapi/v1.json", "POST /session", "DELETE /session"];

    /// <summary>What need not be in the document: the document itself.</summary>
    private static readonly string[] Undocumented = ["GET /openapi/v1.json"];

    private readonly string adminKey = RandomNumberGenerator.GetHexString(64, lowercase: true);
    private readonly SqliteTestDatabase database = new();
    private RunningService? started;

    /// <summary>What becomes of a key that is for some collections only.</summary>
    private enum Limit
    {
        /// <summary>The path names the collection: others are not there.</summary>
        ByPath,

        /// <summary>The endpoint looks after it; <see cref="LimitedKeyTests"/> shows how.</summary>
        Looks,

        /// <summary>Closed to such keys.</summary>
        Closed,
    }

    private RunningService Service => started ?? throw new InvalidOperationException("The test is not initialized.");

    private IEnumerable<(string Name, string Method, string Pattern)> Endpoints => Service.Services.GetRequiredService<EndpointDataSource>()
        .Endpoints.OfType<RouteEndpoint>()
        .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
            .Select(method => (method, Pattern: "/" + endpoint.RoutePattern.RawText!.Trim('/'))))
        .Select(found => ($"{found.method} {found.Pattern}", found.method, found.Pattern));

    public async ValueTask InitializeAsync()
    {
        started = await RunningService.StartAsync(database, ["--DPFAH_ADMIN_KEY", adminKey]);
        using ApiClient admin = Service.ClientWith(adminKey);
        foreach (string name in (string[])[Mine, Theirs])
        {
            await Eventually.BecomesAsync(() => admin.SendAsync(HttpMethod.Put, $"/collections/{name}"), answer => answer.Status == HttpStatusCode.OK);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        database.Dispose();
    }

    [Fact]
    public void Every_endpoint_is_in_the_table_and_every_line_is_an_endpoint() =>
        Assert.Equal([.. Expected.Keys.Concat(Open).Order(StringComparer.Ordinal)], Endpoints.Select(endpoint => endpoint.Name).Order(StringComparer.Ordinal));

    [Fact]
    public async Task Every_endpoint_is_in_the_OpenAPI_document()
    {
        JsonElement paths = (await Service.Client.GetAsync("/openapi/v1.json")).Read<JsonElement>().GetProperty("paths");
        IEnumerable<string> documented = paths.EnumerateObject().SelectMany(
            path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}"));

        Assert.Equal(Endpoints.Select(endpoint => endpoint.Name).Order(StringComparer.Ordinal), documented.Concat(Undocumented).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_endpoint_answers_every_caller_as_the_table_says()
    {
        using ApiClient admin = Service.ClientWith(adminKey);
        foreach ((string name, string method, string pattern) in Endpoints.Where(endpoint => Expected.ContainsKey(endpoint.Name)))
        {
            Answer without = await AskAsync(Service.Client, method, pattern, Mine);
            Problem problem = without.ReadProblem(HttpStatusCode.Unauthorized, "no-key");
            Assert.Contains("Authorization: Bearer", problem.Detail, StringComparison.Ordinal);
            Assert.Equal("Bearer", without.Headers.WwwAuthenticate.ToString());
            AssertAllowed(name, "the admin key", await AskAsync(admin, method, pattern, Mine));
        }

        foreach (string role in Roles)
        {
            using ApiClient all = Service.ClientWith((await admin.CreateKeyAsync(role)).Key), limited = Service.ClientWith((await admin.CreateKeyAsync(role, Mine)).Key);
            foreach ((string name, string method, string pattern) in Endpoints.Where(endpoint => Expected.ContainsKey(endpoint.Name)))
            {
                (string least, Limit limit) = Expected[name];
                if (Array.IndexOf(Roles, role) < Array.IndexOf(Roles, least))
                {
                    (await AskAsync(all, method, pattern, Mine)).ReadProblem(HttpStatusCode.Forbidden, "role-too-low");
                    (await AskAsync(limited, method, pattern, Mine)).ReadProblem(HttpStatusCode.Forbidden, "role-too-low");
                    (await AskAsync(limited, method, pattern, Theirs)).ReadProblem(HttpStatusCode.Forbidden, "role-too-low");
                    continue;
                }

                AssertAllowed(name, role, await AskAsync(all, method, pattern, Theirs));
                Answer mine = await AskAsync(limited, method, pattern, Mine), theirs = await AskAsync(limited, method, pattern, Theirs);
                if (limit == Limit.Closed)
                {
                    mine.ReadProblem(HttpStatusCode.Forbidden, "limited-key");
                    continue;
                }

                AssertAllowed(name, $"{role} of {Mine}", mine);
                if (limit == Limit.ByPath)
                {
                    // Word for word as one that was never made.
                    theirs.ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
                    Answer never = await AskAsync(limited, method, pattern, "nobody");
                    Assert.Equal(never.Text.Replace("nobody", Theirs, StringComparison.Ordinal), theirs.Text);
                }
            }
        }
    }

    [Fact]
    public async Task What_is_open_needs_no_key()
    {
        foreach (string name in Open.Where(name => name.StartsWith("GET", StringComparison.Ordinal)))
        {
            (await Service.Client.GetAsync(name.Split(' ')[1])).AssertStatus(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task A_path_that_spells_a_collection_in_another_way_opens_nothing()
    {
        using ApiClient admin = Service.ClientWith(adminKey);
        using ApiClient limited = Service.ClientWith((await admin.CreateKeyAsync("admin", Mine)).Key);
        foreach (string path in (string[])
        [
            "/collections/%74heirs", "/COLLECTIONS/theirs", "/collections/theirs/", "/collections/mine/../theirs", "/collections/mine/%2E%2E/theirs",
            "/collections/mine%2F..%2Ftheirs", "/collections/theirs/images", "//collections/theirs", "/collections//theirs",
        ])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await limited.GetAsync(path)).Status);
        }
    }

    /// <summary>Asks for what no endpoint knows, so that nothing is done where it would be allowed: the key is looked at before.</summary>
    private static Task<Answer> AskAsync(ApiClient client, string method, string pattern, string collection) => client.SendAsync(
        new HttpMethod(method),
        pattern.Replace("{collection}", collection, StringComparison.Ordinal).Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal) + "?nonsense=1");

    private static void AssertAllowed(string name, string caller, Answer answer) => Assert.True(
        answer.Status == HttpStatusCode.BadRequest && answer.ReadProblem().Parameter == "nonsense", $"{name} as {caller}: {(int)answer.Status} {answer.Text}");
}
