using System.Data.Common;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Dpfah.Api.Access;
using Dpfah.Api.Auditing;
using Dpfah.Api.Generations;
using Dpfah.Api.Jobs;
using Dpfah.Engine.Auditing;
using Dpfah.FunctionalTests.Access;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Imports;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Auditing;

/// <summary>The audit: a line with each change that it tells of, none without one, and none that can be changed.</summary>
public abstract class AuditTests(TestDatabase database) : IAsyncLifetime
{
    private const string Collection = "shoes";

    private readonly string adminKey = RandomNumberGenerator.GetHexString(64, lowercase: true);
    private RunningService? service;
    private ApiClient? admin;

    private RunningService Service => service ?? throw new InvalidOperationException("The test is not initialized.");

    private ApiClient Admin => admin ?? throw new InvalidOperationException("The test is not initialized.");

    /// <summary>Statements that let inserts into a table fail where a condition on the new row, written for <c>{0}</c> as its name, holds.</summary>
    protected abstract string[] Refuse(string table, string condition);

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
    public async Task Everything_that_is_deleted_relabelled_activated_or_imported_is_told_with_who_did_it()
    {
        CreatedKeyResponse key = await Admin.CreateKeyAsync(new CreateKeyRequest("shop", "indexer", [Collection], null));
        using ApiClient shop = Service.ClientWith(key.Key);

        // New pictures, and what changes nothing: no line.
        await shop.AddAsync(Collection, "a", Pictures.Png(1), ["red"], """{"n":1}""");
        await shop.AddAsync(Collection, "b/ü", Pictures.Png(2));
        await shop.PutAsync(Collection, "a", Pictures.Png(1), ["red"], """{"n":1}""");
        (await PatchAsync(shop, "a", """{"labels":["red"]}""")).AssertStatus(HttpStatusCode.OK);

        (await PatchAsync(shop, "a", """{"labels":["green"]}""")).AssertStatus(HttpStatusCode.OK);
        await shop.PutAsync(Collection, "a", Pictures.Png(1), ["blue"], """{"n":2}""");
        await shop.PutAsync(Collection, "b/ü", Pictures.Png(3));
        (await shop.DeleteAsync(ApiClient.ImagePath(Collection, "b/ü"))).AssertStatus(HttpStatusCode.NoContent);

        // Imports: one that changes a picture and adds another, then one that deletes what it lacks.
        byte[] merged = Archives.Zip([Archives.Text("manifest.ndjson", """{"entry":"x.png","id":"a","labels":["ünique"]}"""), ("x.png", Pictures.Png(1)), ("y.png", Pictures.Png(4))]);
        JobResponse merge = await shop.ImportAsync(Collection, merged);
        merge.AssertSucceeded(2);
        JobResponse replace = await shop.ImportAsync(Collection, Archives.Zip([("y.png", Pictures.Png(4))]), "?mode=replace");
        replace.AssertSucceeded(0, unchanged: 1);

        await Service.AddModelAsync("second");
        (_, GenerationStatusResponse first) = await Admin.FillAsync(Collection, "second");
        (await shop.ActivateAsync(Collection, first.Generation.Id)).ReadProblem();
        (await shop.ActivateAsync(Collection, first.Generation.Id, """{"confirm":true}""")).AssertStatus(HttpStatusCode.OK);
        int old = (await Admin.GenerationsAsync(Collection)).Items.Single(g => g.Generation.Id != first.Generation.Id).Generation.Id;
        (await shop.DeleteAsync($"/collections/{Collection}/generations/{old}")).AssertStatus(HttpStatusCode.NoContent);
        (await Admin.DeleteAsync($"/collections/{Collection}")).AssertStatus(HttpStatusCode.NoContent);
        (await Admin.DeleteAsync("/api-keys/shop")).AssertStatus(HttpStatusCode.OK);
        (await Admin.DeleteAsync("/api-keys/shop")).AssertStatus(HttpStatusCode.OK);

        List<AuditResponse> lines = await ReadAsync("", limit: 4);
        lines.Reverse();
        Assert.Equal(
            [
                ("admin", "key-made", null, "shop", null),
                ("shop", "picture-changed", Collection, "a", null),
                ("shop", "picture-changed", Collection, "a", null),
                ("shop", "picture-changed", Collection, "b/ü", null),
                ("shop", "picture-deleted", Collection, "b/ü", null),
                ("shop", "import-begun", Collection, $"{merge.Id}", merge.Id),
                ("shop", "picture-changed", Collection, "a", merge.Id),
                ("shop", "import-begun", Collection, $"{replace.Id}", replace.Id),
                ("shop", "picture-deleted", Collection, "a", replace.Id),
                ("shop", "generation-activated", Collection, $"{first.Generation.Id}", null),
                ("shop", "generation-deleted", Collection, $"{old}", null),
                ("admin", "collection-deleted", Collection, Collection, null),
                ("admin", "key-revoked", null, "shop", (long?)null),
            ],
            lines.Select(line => (line.Who, line.Action, line.Collection, line.Subject, line.Job)));
        Assert.Equal(["[\"red\"]", "[\"green\"]", "{\"n\":1}", "{\"n\":1}"], [Before(1, "labels"), After(1, "labels"), Before(1, "metadata"), After(1, "metadata")]);
        Assert.Equal(["[\"blue\"]", "{\"n\":2}"], [After(2, "labels"), After(2, "metadata")]);
        Assert.Equal([Digest(2), Digest(3)], [Before(3, "sha256"), After(3, "sha256")]);
        Assert.Equal([Digest(3), null], [Before(4, "sha256"), lines[4].After?.GetRawText()]);
        Assert.Equal("[\"\u00FCnique\"]", After(6, "labels"));
        Assert.Equal("\"replace\"", After(7, "mode"));
        Assert.Equal(["\"hash-64\"", "\"second\"", "true", "false"], [Before(9, "model"), After(9, "model"), After(9, "confirmed"), After(9, "forced")]);
        Assert.Equal("1", Before(11, "pictures"));
        Assert.Equal(["\"indexer\"", $"[\"{Collection}\"]"], [After(0, "role"), After(0, "collections")]);
        Assert.DoesNotContain(key.Key[20..], (await Admin.GetAsync("/audit")).Text, StringComparison.Ordinal);
        Assert.All(lines, line => Assert.InRange(line.At, DateTime.UtcNow.AddMinutes(-5), DateTime.UtcNow.AddMinutes(1)));

        // Parts of it.
        Assert.Equal(11, (await ReadAsync($"collection={Collection}&")).Count);
        Assert.Equal(3, (await ReadAsync("who=admin&")).Count);
        Assert.Equal(2, (await ReadAsync("action=picture-deleted&who=shop&")).Count);
        string middle = Uri.EscapeDataString($"{lines[6].At:O}");
        Assert.Equal(lines.Skip(6).Select(line => line.Id), (await ReadAsync($"since={middle}&")).Select(line => line.Id).Order());
        Assert.Equal(lines.Take(6).Select(line => line.Id), (await ReadAsync($"until={middle}&")).Select(line => line.Id).Order());
        foreach (string wrong in (string[])["action=nothing", "since=yesterday", "until=x", "cursor=x", "cursor=-1", "limit=101", "kind=x"])
        {
            (await Admin.GetAsync($"/audit?{wrong}")).ReadBadParameter();
        }

        string Before(int line, string member) => lines[line].Before!.Value.GetProperty(member).GetRawText();
        string After(int line, string member) => lines[line].After!.Value.GetProperty(member).GetRawText();
        static string Digest(int picture) => $"\"{Convert.ToHexStringLower(SHA256.HashData(Pictures.Png(picture)))}\"";
    }

    [Fact]
    public async Task A_change_and_its_line_are_written_together_or_not_at_all()
    {
        foreach (string id in (string[])["kept", "refused", "gone"])
        {
            await Admin.AddAsync(Collection, id, Pictures.Png(id.Length), ["old"]);
        }

        // The line cannot be written: nothing changes.
        foreach (string statement in Refuse("audit", "{0}.subject = 'refused'"))
        {
            await database.ExecuteAsync(statement);
        }

        (await PatchAsync(Admin, "refused", """{"labels":["new"]}""")).AssertStatus(HttpStatusCode.InternalServerError);
        (await Admin.DeleteAsync(ApiClient.ImagePath(Collection, "refused"))).AssertStatus(HttpStatusCode.InternalServerError);
        Assert.Equal(["old"], (await Admin.ListAsync(Collection)).Single(image => image.Id == "refused").Labels);

        // The change cannot be written, behind the line: no line stays.
        long number = await database.ReadAsync<long>("SELECT number FROM items WHERE public_id = 'kept'");
        foreach (string statement in Refuse("changes", $"{{0}}.item_number = {number}"))
        {
            await database.ExecuteAsync(statement);
        }

        (await Admin.DeleteAsync(ApiClient.ImagePath(Collection, "kept"))).AssertStatus(HttpStatusCode.InternalServerError);
        (await Admin.DeleteAsync(ApiClient.ImagePath(Collection, "gone"), ("If-Match", "\"1.1000\""))).ReadProblem(HttpStatusCode.PreconditionFailed, "other-version");
        Assert.Empty(await ReadAsync(""));

        (await Admin.DeleteAsync(ApiClient.ImagePath(Collection, "gone"))).AssertStatus(HttpStatusCode.NoContent);
        Assert.Equal("gone", Assert.Single(await ReadAsync("")).Subject);
        Assert.Equal(["kept", "refused"], (await Admin.ListAsync(Collection)).Select(image => image.Id));
    }

    [Fact]
    public async Task The_longest_labels_and_metadata_are_kept_whole_and_no_line_is_changed_or_removed()
    {
        string[] labels = [.. Enumerable.Range(0, 64).Select(i => $"{i:00}" + string.Concat(Enumerable.Repeat("\U0001F45F", 126)))];
        string metadata = $$"""{"text":"{{new string('x', (16 * 1024) - 11)}}"}""";
        await Admin.AddAsync(Collection, "a", Pictures.Png(1), labels, metadata);
        (await Admin.DeleteAsync(ApiClient.ImagePath(Collection, "a"))).AssertStatus(HttpStatusCode.NoContent);

        JsonElement before = Assert.Single(await ReadAsync("")).Before!.Value;
        Assert.Equal(labels, before.GetProperty("labels").EnumerateArray().Select(label => label.GetString()));
        Assert.Equal(metadata, before.GetProperty("metadata").GetRawText());
        long bytes = await database.ReadAsync<long>(
            database.Provider == "postgres" ? "SELECT octet_length(before) FROM audit" : "SELECT length(CAST(before AS BLOB)) FROM audit");
        Assert.InRange(bytes, 48 * 1024, 128 * 1024);

        foreach (string statement in (string[])["UPDATE audit SET who = 'nobody'", "DELETE FROM audit", .. database.Provider == "postgres" ? (string[])["TRUNCATE audit"] : []])
        {
            DbException refused = await Assert.ThrowsAnyAsync<DbException>(() => database.ExecuteAsync(statement));
            Assert.Contains("append-only", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal("admin", Assert.Single(await ReadAsync("")).Who);
    }

    private static Task<Answer> PatchAsync(ApiClient client, string id, string json) =>
        client.SendJsonAsync(HttpMethod.Patch, ApiClient.ImagePath(Collection, id), json);

    /// <summary>Reads all pages, the newest line first.</summary>
    private async Task<List<AuditResponse>> ReadAsync(string filter, int limit = 100)
    {
        var lines = new List<AuditResponse>();
        string? cursor = null;
        do
        {
            AuditList page = (await Admin.GetAsync($"/audit?{filter}limit={limit}{(cursor is null ? "" : $"&cursor={cursor}")}")).Read<AuditList>();
            Assert.InRange(page.Items.Count, 0, limit);
            lines.AddRange(page.Items);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        Assert.All(lines, line => Assert.Contains(line.Action, AuditActions.All));
        return lines;
    }
}

public sealed class AuditTests_Postgres(PostgresServer server) : AuditTests(PostgresTestDatabase.CreateAsync(server).GetAwaiter().GetResult())
{
    protected override string[] Refuse(string table, string condition) =>
    [
        "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused by the test'; END $$",
        $"CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW WHEN ({string.Format(null, condition, "NEW")}) EXECUTE FUNCTION refuse()",
    ];
}

public sealed class AuditTests_Sqlite() : AuditTests(new SqliteTestDatabase())
{
    protected override string[] Refuse(string table, string condition) =>
        [$"CREATE TRIGGER refuse_{table} BEFORE INSERT ON {table} WHEN {string.Format(null, condition, "NEW")} BEGIN SELECT RAISE(ABORT, 'refused by the test'); END"];
}
