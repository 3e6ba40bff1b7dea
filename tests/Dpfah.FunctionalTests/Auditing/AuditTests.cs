using System.Data.Common;
using System.Net;
using System.Security.Cryptography;
using System.Text;
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

namespace Dpfah.FunctionalTests.Auditing;

/// <summary>The audit: a line with each change that it tells of, none without one, and none that can be changed.</summary>
public abstract class AuditTests(TestDatabase database) : IAsyncLifetime
{
    private const string Collection = "shoes";

    /// <summary>Another line in the place of the first.</summary>
    private const string Insert = "INSERT INTO audit (id, at, who, action, subject) SELECT id, at, 'nobody', action, subject FROM audit";

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
    public async Task What_was_said_of_pictures_and_is_taken_back_is_told()
    {
        foreach (string id in (string[])["a", "b"])
        {
            await Admin.AddAsync(Collection, id, Pictures.Png(id[0]));
        }

        string feedback = $"/collections/{Collection}/feedback", marks = $"/collections/{Collection}/not-duplicates?first=b&second=a";
        long number = (await Admin.SendJsonAsync(HttpMethod.Post, feedback, """{"query":{"id":"a"},"id":"b","verdict":"wrong","notDuplicate":true}"""))
            .Read<FeedbackResponse>(HttpStatusCode.Created).Number;
        long other = (await Admin.SendJsonAsync(HttpMethod.Post, feedback, """{"query":{"code":"00000000000000ff"},"id":"b","verdict":"right"}"""))
            .Read<FeedbackResponse>(HttpStatusCode.Created).Number;
        (await Admin.DeleteAsync($"{feedback}/{number + 1000}")).ReadProblem(HttpStatusCode.NotFound, "feedback-not-found");

        (await Admin.DeleteAsync($"{feedback}/{number}")).AssertStatus(HttpStatusCode.NoContent);
        (await Admin.DeleteAsync($"{feedback}/{other}")).AssertStatus(HttpStatusCode.NoContent);
        (await Admin.DeleteAsync(marks)).AssertStatus(HttpStatusCode.NoContent);
        Assert.Equal(HttpStatusCode.NotFound, (await Admin.DeleteAsync(marks)).Status);

        List<AuditResponse> lines = await ReadAsync("");
        lines.Reverse();
        Assert.Equal(
            [("feedback-deleted", $"{number}"), ("feedback-deleted", $"{other}"), ("not-duplicate-deleted", "b")],
            lines.Select(line => (line.Action, line.Subject)));
        Assert.All(lines, line => Assert.Equal(("admin", Collection, null), (line.Who, line.Collection, line.After?.GetRawText())));
        Assert.Equal(["\"a\"", "null", "\"b\"", "false", "true"], Before(0, "query", "code", "id", "isRight", "notDuplicate"));
        Assert.Equal(["null", "\"00000000000000ff\"", "\"b\"", "true"], Before(1, "query", "code", "id", "isRight"));
        Assert.Equal(["\"b\"", "\"a\"", "\"admin\""], Before(2, "first", "second", "createdBy"));

        string[] Before(int line, params string[] members) => [.. members.Select(member => lines[line].Before!.Value.GetProperty(member).GetRawText())];
    }

    [Fact]
    public async Task Long_states_are_kept_by_size_digest_and_beginning_and_no_line_is_changed_or_removed()
    {
        string[] labels = [.. Enumerable.Range(0, 64).Select(i => $"{i:00}" + string.Concat(Enumerable.Repeat("\U0001F45F", 126)))];
        string metadata = $$"""{"text":"{{new string('x', (16 * 1024) - 11)}}"}""";
        await Admin.AddAsync(Collection, "a", Pictures.Png(1), labels, metadata);
        (await Admin.DeleteAsync(ApiClient.ImagePath(Collection, "a"))).AssertStatus(HttpStatusCode.NoContent);

        string whole = $$"""{"sha256":"{{Convert.ToHexStringLower(SHA256.HashData(Pictures.Png(1)))}}","labels":{{Escaped(labels)}},"metadata":{{metadata}}}""";
        JsonElement before = Assert.Single(await ReadAsync("")).Before!.Value;
        Assert.Equal(whole.Length, before.GetProperty("textBytes").GetInt32());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(whole))), before.GetProperty("textSha256").GetString());
        Assert.Equal(whole[..1024], before.GetProperty("textBeginning").GetString());
        long bytes = await database.ReadAsync<long>(
            database.Provider == "postgres" ? "SELECT octet_length(before) FROM audit" : "SELECT length(CAST(before AS BLOB)) FROM audit");
        Assert.InRange(whole.Length, 48 * 1024, 128 * 1024);
        Assert.InRange(bytes, 1024, 4096);

        string[] own = database.Provider == "postgres"
            ? ["TRUNCATE audit", $"{Insert} ON CONFLICT (id) DO UPDATE SET who = 'nobody'"]
            : [Insert.Replace("INSERT", "INSERT OR REPLACE", StringComparison.Ordinal), Insert.Replace("INSERT", "REPLACE", StringComparison.Ordinal)];
        foreach (string statement in (string[])["UPDATE audit SET who = 'nobody'", "DELETE FROM audit", .. own])
        {
            DbException refused = await Assert.ThrowsAnyAsync<DbException>(() => database.ExecuteAsync(statement));
            Assert.Contains("append-only", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal("admin", Assert.Single(await ReadAsync("")).Who);

        // The owner of the database shortens it as the manual says, and it is closed again.
        await database.ExecuteAsync(Manual($"{DateTime.UtcNow.AddDays(-1):yyyy-MM-dd}"));
        Assert.Single(await ReadAsync(""));
        await database.ExecuteAsync(Manual($"{DateTime.UtcNow.AddDays(2):yyyy-MM-dd}"));
        Assert.Empty(await ReadAsync(""));
        await Admin.DeleteAsync($"/collections/{Collection}");
        await Assert.ThrowsAnyAsync<DbException>(() => database.ExecuteAsync("DELETE FROM audit"));
        Assert.Single(await ReadAsync(""));

        static string Escaped(string[] labels) =>
            $"[{string.Join(',', labels.Select(label => $"\"{label.Replace("\U0001F45F", "\\uD83D\\uDC5F", StringComparison.Ordinal)}\""))}]";
    }

    /// <summary>The statements of deploy/README.md that shorten the audit.</summary>
    private string Manual(string until)
    {
        string begin = database.Provider == "postgres" ? "    BEGIN;" : "    BEGIN IMMEDIATE;";
        string[] lines = File.ReadAllLines(Path.Combine(Repository.Root, "deploy", "README.md"));
        IEnumerable<string> statements = lines.SkipWhile(line => line != begin).TakeWhile(line => line.Length > 0);
        return string.Join('\n', statements).Replace("2027-01-01", until, StringComparison.Ordinal);
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
