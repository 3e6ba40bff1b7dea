using System.Collections.Frozen;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Dpfah.Api.Access;
using Dpfah.Api.Auditing;
using Dpfah.Api.Feedback;
using Dpfah.Api.Generations;
using Dpfah.Api.Jobs;
using Dpfah.Engine.Auditing;
using Dpfah.FunctionalTests.Access;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Imports;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.FunctionalTests.Jobs;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Auditing;

/// <summary>Every endpoint that may change something, against a table that was reviewed: a new one belongs into the audit, or says here why not.</summary>
public abstract class AuditedEndpointsTests(TestDatabase database) : IAsyncLifetime
{
    private const string Collection = "told";
    private const string Model = "dpfah-fashion-mnist-64";

    /// <summary>What the audit calls it.</summary>
    private static readonly FrozenDictionary<string, string> Told = new Dictionary<string, string>
    {
        ["DELETE /collections/{collection}"] = AuditActions.CollectionDeleted,
        ["POST /collections/{collection}/reshard"] = AuditActions.CollectionResharded,
        ["POST /collections/{collection}/generations/{generation}/activate"] = AuditActions.GenerationActivated,
        ["DELETE /collections/{collection}/generations/{generation}"] = AuditActions.GenerationDeleted,
        ["POST /collections/{collection}/images"] = AuditActions.PictureChanged,
        ["PUT /collections/{collection}/images/{id}"] = AuditActions.PictureChanged,
        ["PATCH /collections/{collection}/images/{id}"] = AuditActions.PictureChanged,
        ["DELETE /collections/{collection}/images/{id}"] = AuditActions.PictureDeleted,
        ["POST /collections/{collection}/imports"] = AuditActions.ImportBegun,
        ["DELETE /collections/{collection}/feedback/{number}"] = AuditActions.FeedbackDeleted,
        ["DELETE /collections/{collection}/not-duplicates"] = AuditActions.NotDuplicateDeleted,
        ["POST /models"] = AuditActions.ModelImported,
        ["DELETE /models/{model}"] = AuditActions.ModelDeleted,
        ["POST /api-keys"] = AuditActions.KeyMade,
        ["DELETE /api-keys/{key}"] = AuditActions.KeyRevoked,
    }.ToFrozenDictionary();

    /// <summary>What changes nothing that was there, with the reason.</summary>
    private static readonly FrozenDictionary<string, string> Untold = new Dictionary<string, string>
    {
        ["PUT /collections/{collection}"] = "makes an empty collection, or does nothing",
        ["POST /collections/{collection}/generations"] = "makes one beside those that are there; whether it answers is told",
        ["POST /collections/{collection}/feedback"] = "is a list itself, of who said what and when",
        ["POST /collections/{collection}/not-duplicates"] = "the same",
        ["POST /collections/{collection}/duplicates"] = "a job, which says who asked for it, and only reads",
        ["POST /evaluations"] = "the same",
        ["POST /training-jobs"] = "a job, which says who asked for it, and makes a model beside those that are there",
        ["POST /models/{model}/retrain"] = "the same",
        ["POST /jobs/{job}/cancel"] = "ends a job, which says so; what it has done stays, and is told",
        ["POST /search"] = "reads",
        ["POST /search/code"] = "reads",
        ["POST /search/batch"] = "reads",
        ["POST /search/explain"] = "reads",
        ["POST /compare"] = "reads",
        ["POST /session"] = "gives a cookie to the browser that sends the key",
        ["DELETE /session"] = "takes a cookie back from the browser that sends it",
    }.ToFrozenDictionary();

    private readonly string adminKey = RandomNumberGenerator.GetHexString(64, lowercase: true);
    private readonly SortedSet<string> tried = new(StringComparer.Ordinal);
    private RunningService? service;
    private ApiClient? admin;

    private RunningService Service => service ?? throw new InvalidOperationException("The test is not initialized.");

    private ApiClient Admin => admin ?? throw new InvalidOperationException("The test is not initialized.");

    /// <summary>Statements that let every insert into the audit fail.</summary>
    protected abstract string[] Refuse { get; }

    /// <summary>The statement that lets them pass again.</summary>
    protected abstract string Allow { get; }

    public async ValueTask InitializeAsync()
    {
        service = await RunningService.StartAsync(database, ["--DPFAH_ADMIN_KEY", adminKey]);
        admin = service.ClientWith(adminKey);
        await Eventually.BecomesAsync(() => Admin.SendAsync(HttpMethod.Put, $"/collections/{Collection}"), answer => answer.Status == HttpStatusCode.OK);
    }

    public async ValueTask DisposeAsync()
    {
        admin?.Dispose();
        await Service.DisposeAsync();
        database.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Each_endpoint_that_may_change_something_is_told_by_the_audit_or_was_reviewed()
    {
        IEnumerable<string> endpoints = Service.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
                .Where(method => method is "DELETE" or "PATCH" or "POST" or "PUT")
                .Select(method => $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}"));

        Assert.Equal(Told.Keys.Concat(Untold.Keys).Order(StringComparer.Ordinal), endpoints.Order(StringComparer.Ordinal));
        Assert.Equal(AuditActions.All.Order(StringComparer.Ordinal), Told.Values.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Each_of_them_writes_its_line_with_its_change_or_changes_nothing()
    {
        await Admin.UploadAsync(Collection, 0, 20);
        await PicturesAsync();
        await SaidAsync();
        await GenerationsAsync();
        await ModelsAsync();
        await KeysAsync();

        // Last of all, since it takes the others' collection.
        Line("collection-deleted", await TryAsync(
            "DELETE /collections/{collection}", Collection, HttpStatusCode.NoContent, () => Admin.DeleteAsync($"/collections/{Collection}")), Collection);
        Assert.Equal(Told.Keys.Order(StringComparer.Ordinal), tried);
    }

    private async Task PicturesAsync()
    {
        string Path(string id) => ApiClient.ImagePath(Collection, id);
        AuditResponse patched = Line("picture-changed", await TryAsync(
            "PATCH /collections/{collection}/images/{id}",
            Collection,
            HttpStatusCode.OK,
            () => Admin.SendJsonAsync(HttpMethod.Patch, Path("p0"), """{"labels":["new"]}""")), "p0");
        Assert.Equal(["[]", "[\"new\"]"], [Member(patched.Before, "labels"), Member(patched.After, "labels")]);
        AuditResponse put = Line("picture-changed", await TryAsync(
            "PUT /collections/{collection}/images/{id}", Collection, HttpStatusCode.OK, () => Admin.PutAsync(Collection, "p1", Pictures.Png(101))), "p1");
        Assert.NotEqual(Member(put.Before, "sha256"), Member(put.After, "sha256"));
        AuditResponse posted = Line("picture-changed", await TryAsync(
            "POST /collections/{collection}/images",
            Collection,
            HttpStatusCode.OK,
            () => Admin.SendAsync(
                HttpMethod.Post,
                $"/collections/{Collection}/images",
                new MultipartFormDataContent { { ApiClient.Raw(Pictures.Png(102)), "image", "picture.png" }, { new StringContent("p2"), "id" } })), "p2");
        Assert.NotEqual(Member(posted.Before, "sha256"), Member(posted.After, "sha256"));
        Line("picture-deleted", await TryAsync(
            "DELETE /collections/{collection}/images/{id}", Collection, HttpStatusCode.NoContent, () => Admin.DeleteAsync(Path("p3"))), "p3");

        // New pictures have no lines of their own; an upload of which none is told has no job either.
        byte[] archive = Archives.Zip([("new.png", Pictures.Png(103))]);
        (Answer import, AuditResponse begun) = await TryAsync(
            "POST /collections/{collection}/imports", Collection, HttpStatusCode.Accepted, () => Admin.SendImportAsync(Collection, archive));
        JobResponse job = await Admin.EndOfJobAsync(import.Read<JobResponse>(HttpStatusCode.Accepted).Id);
        job.AssertSucceeded(1);
        Assert.Equal((job.Id, $"{job.Id}", "import-begun"), (begun.Job, begun.Subject, begun.Action));
        Assert.Equal([job.Id], (await Admin.GetAsync("/jobs?kind=import")).Read<JobList>().Items.Select(found => found.Id));
    }

    private async Task SaidAsync()
    {
        string feedback = $"/collections/{Collection}/feedback", marks = $"/collections/{Collection}/not-duplicates";
        long number = (await Admin.SendJsonAsync(HttpMethod.Post, feedback, """{"query":{"id":"p4"},"id":"p5","verdict":"wrong"}"""))
            .Read<FeedbackResponse>(HttpStatusCode.Created).Number;
        Line("feedback-deleted", await TryAsync(
            "DELETE /collections/{collection}/feedback/{number}",
            Collection,
            HttpStatusCode.NoContent,
            () => Admin.DeleteAsync($"{feedback}/{number}")), $"{number}");
        (await Admin.SendJsonAsync(HttpMethod.Post, marks, """{"first":"p4","second":"p5"}""")).AssertStatus(HttpStatusCode.NoContent);
        Line("not-duplicate-deleted", await TryAsync(
            "DELETE /collections/{collection}/not-duplicates",
            Collection,
            HttpStatusCode.NoContent,
            () => Admin.DeleteAsync($"{marks}?first=p4&second=p5")), "p4");
    }

    private async Task GenerationsAsync()
    {
        await Service.AddModelAsync("second");
        int old = Assert.Single((await Admin.GenerationsAsync(Collection)).Items).Generation.Id;
        (_, GenerationStatusResponse filled) = await Admin.FillAsync(Collection, "second");
        int next = filled.Generation.Id;
        (await Admin.ActivateAsync(Collection, next)).AssertStatus(HttpStatusCode.Conflict);
        (Answer answer, AuditResponse forced) = await TryAsync(
            "POST /collections/{collection}/generations/{generation}/activate",
            Collection,
            HttpStatusCode.OK,
            () => Admin.ActivateAsync(Collection, next, """{"force":true}"""));
        Assert.True(answer.Read<ActivationResponse>().Switched);
        Assert.Equal(("generation-activated", $"{next}"), (forced.Action, forced.Subject));
        Assert.Equal(
            ["\"hash-64\"", "\"second\"", "true", "false"],
            [Member(forced.Before, "model"), Member(forced.After, "model"), Member(forced.After, "forced"), Member(forced.After, "confirmed")]);
        Line("generation-deleted", await TryAsync(
            "DELETE /collections/{collection}/generations/{generation}",
            Collection,
            HttpStatusCode.NoContent,
            () => Admin.DeleteAsync($"/collections/{Collection}/generations/{old}")), $"{old}");

        // As a cluster has left it, on whose database a service without one brings it back to every node.
        await database.ExecuteAsync($"UPDATE collections SET shards = 3, replicas = 2 WHERE name = '{Collection}'");
        AuditResponse spread = Line("collection-resharded", await TryAsync(
            "POST /collections/{collection}/reshard",
            Collection,
            HttpStatusCode.Accepted,
            () => Admin.SendJsonAsync(HttpMethod.Post, $"/collections/{Collection}/reshard", """{"shards":0}""")), Collection);
        Assert.Equal(["3", "2", "0"], [Member(spread.Before, "shards"), Member(spread.Before, "replicas"), Member(spread.After, "shards")]);
    }

    private async Task ModelsAsync()
    {
        byte[] head = await FileAsync("head"), backbone = await FileAsync("backbone");

        // Created by the second request: nothing was kept of the first.
        AuditResponse imported = Line("model-imported", await TryAsync(
            "POST /models",
            null,
            HttpStatusCode.Created,
            () => Admin.SendAsync(
                HttpMethod.Post,
                "/models",
                new MultipartFormDataContent { { ApiClient.Raw(head), "head", "head" }, { ApiClient.Raw(backbone), "backbone", "backbone" } })), Model);
        Assert.Equal(["\"dpfah\"", "64"], [Member(imported.After, "method"), Member(imported.After, "bits")]);
        AuditResponse deleted = Line("model-deleted", await TryAsync(
            "DELETE /models/{model}", null, HttpStatusCode.NoContent, () => Admin.DeleteAsync($"/models/{Model}")), Model);
        Assert.Equal(Member(imported.After, "digest"), Member(deleted.Before, "digest"));

        static Task<byte[]> FileAsync(string part) => File.ReadAllBytesAsync(Repository.PathOf($"src/Dpfah.Learning/Assets/{Model}/{part}.safetensors"));
    }

    private async Task KeysAsync()
    {
        (Answer answer, AuditResponse made) = await TryAsync(
            "POST /api-keys", null, HttpStatusCode.Created, () => Admin.AskForKeyAsync(new CreateKeyRequest("shop", "reader", null, null)));
        string key = answer.Read<CreatedKeyResponse>(HttpStatusCode.Created).Key;
        KeyWatch.Add(key);
        Assert.Equal(("key-made", "shop", "\"reader\""), (made.Action, made.Subject, Member(made.After, "role")));

        using ApiClient shop = Service.ClientWith(key);
        Line("key-revoked", await TryAsync("DELETE /api-keys/{key}", null, HttpStatusCode.OK, async () =>
        {
            // It still opens the door when its revocation could not be told.
            (await shop.GetAsync("/collections")).AssertStatus(HttpStatusCode.OK);
            return await Admin.DeleteAsync("/api-keys/shop");
        }), "shop");
        (await shop.GetAsync("/collections")).AssertStatus(HttpStatusCode.Unauthorized);
    }

    private async Task<long> LastAsync() => await ReadAsync() is [{ } last, ..] ? last.Id : 0;

    /// <summary>Asks for a change while no line can be written, and then again: at first nothing happens, so that the second time is as the first would have been.</summary>
    private async Task<(Answer Answer, AuditResponse Line)> TryAsync(string endpoint, string? collection, HttpStatusCode expected, Func<Task<Answer>> ask)
    {
        long last = await LastAsync();
        foreach (string statement in Refuse)
        {
            await database.ExecuteAsync(statement);
        }

        (await ask()).ReadProblem(HttpStatusCode.InternalServerError, "internal-error");
        Assert.Equal(last, await LastAsync());

        await database.ExecuteAsync(Allow);
        Answer answer = await ask();
        answer.AssertStatus(expected);
        AuditResponse line = Assert.Single((await ReadAsync()).TakeWhile(found => found.Id > last));
        Assert.Equal((endpoint, "admin", Told[endpoint], collection), (endpoint, line.Who, line.Action, line.Collection));
        tried.Add(endpoint);
        return (answer, line);
    }

    /// <summary>The newest lines, the newest first.</summary>
    private async Task<IReadOnlyList<AuditResponse>> ReadAsync() => (await Admin.GetAsync("/audit?limit=10")).Read<AuditList>().Items;

    private static AuditResponse Line(string action, (Answer Answer, AuditResponse Line) told, string subject)
    {
        Assert.Equal((action, subject), (told.Line.Action, told.Line.Subject));
        return told.Line;
    }

    private static string Member(JsonElement? state, string name) => state!.Value.GetProperty(name).GetRawText();
}

public sealed class AuditedEndpointsTests_Postgres(PostgresServer server) : AuditedEndpointsTests(PostgresTestDatabase.CreateAsync(server).GetAwaiter().GetResult())
{
    protected override string[] Refuse =>
    [
        "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused by the test'; END $$",
        "CREATE TRIGGER refuse BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION refuse()",
    ];

    protected override string Allow => "DROP TRIGGER refuse ON audit";
}

public sealed class AuditedEndpointsTests_Sqlite() : AuditedEndpointsTests(new SqliteTestDatabase())
{
    protected override string[] Refuse => ["CREATE TRIGGER refuse BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'refused by the test'); END"];

    protected override string Allow => "DROP TRIGGER refuse";
}
