using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dpfah.Api.Images;
using Dpfah.Api.Jobs;
using Dpfah.Core.Training;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Search;
using Dpfah.Engine.Training;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Imports;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.FunctionalTests.Jobs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Deletion;

/// <summary>
/// A picture that is in every table and every index is deleted: what is left of it is a line of the audit, rows of the change log, and,
/// with a model that was trained on it, the digest of its bytes. Tables are found in the database's catalogue, so that a new one is
/// looked into as well, and one that refers to pictures fails these tests until the picture is put into it.
/// </summary>
public abstract class DeletionTests(ServiceFixture fixture)
{
    private const int Others = 11;

    private readonly ApiClient client = fixture.Client;

    private IServiceProvider Services => fixture.Service.Services;

    [Fact]
    public async Task Nothing_is_left_of_a_picture_that_was_deleted()
    {
        Victim victim = await PutEverywhereAsync();

        (await client.DeleteAsync(ApiClient.ImagePath(victim.Collection, victim.Id))).AssertStatus(HttpStatusCode.NoContent);

        await Eventually.BecomesAsync(() => Task.FromResult(IsInIndex(victim)), isThere => !isThere);
        Assert.Equal(Others, victim.Index.Snapshot.Count);
        await AssertGoneAsync(victim);
        foreach (string part in (string[])["", "/preview", "/similar", "/attention", "/explain?with=p1"])
        {
            (await client.GetAsync(ApiClient.ImagePath(victim.Collection, victim.Id) + part)).ReadProblem(HttpStatusCode.NotFound, "image-not-found");
        }

        Assert.DoesNotContain((await client.FindAsync(victim.Picture, $"?collection={victim.Collection}&k=100")).Hits, hit => hit.Id == victim.Id);
    }

    [Fact]
    public async Task Nothing_is_left_of_the_pictures_of_a_collection_that_was_deleted()
    {
        Victim victim = await PutEverywhereAsync();

        (await client.DeleteAsync($"/collections/{victim.Collection}")).AssertStatus(HttpStatusCode.NoContent);

        Assert.Null(Services.GetRequiredService<SearchService>().Find(victim.Collection));
        await Eventually.BecomesAsync(
            () => Task.FromResult(Services.GetRequiredService<IndexFollower>().FindStandby(victim.Standby)), index => index is null);
        await AssertGoneAsync(victim);
    }

    [Fact]
    public async Task A_search_by_a_picture_is_forgotten_when_another_node_deletes_it_and_others_stay()
    {
        string collection = await client.CreateCollectionAsync();
        byte[] picture = Pictures.Png(2_000_001), other = Pictures.Png(2_000_002);
        await client.AddAsync(collection, "a", picture);
        await client.AddAsync(collection, "b", other);
        await client.FindAsync(picture, $"?collection={collection}");
        await client.FindAsync(other, $"?collection={collection}");
        RecentQueries recent = Services.GetRequiredService<RecentQueries>();
        int id = Services.GetRequiredService<SearchService>().Find(collection)!.CollectionId;
        Assert.Equal(2, recent.Of(id).Count);

        await using (RunningService node = await RunningService.StartAsync(fixture.Database))
        {
            (await node.Client.DeleteAsync(ApiClient.ImagePath(collection, "a"))).AssertStatus(HttpStatusCode.NoContent);
        }

        await Eventually.BecomesAsync(() => Task.FromResult(recent.Of(id).Count), count => count == 1);
        byte[] left = (await client.GetAsync($"{ApiClient.ImagePath(collection, "b")}/preview")).Body;
        Assert.True(recent.Of(id)[0].Span.SequenceEqual(left));

        // One that was replaced goes as well.
        await client.PutAsync(collection, "b", picture);
        await Eventually.BecomesAsync(() => Task.FromResult(recent.Of(id).Count), count => count == 0);
    }

    [Fact]
    public async Task Figures_go_with_a_picture_that_was_replaced()
    {
        Victim victim = await PutEverywhereAsync();

        (await client.PutAsync(victim.Collection, victim.Id, Pictures.Png(1_000_001))).AssertStatus(HttpStatusCode.OK);

        Assert.Equal(0, await FiguresAsync(victim));
    }

    private async Task AssertGoneAsync(Victim victim)
    {
        // What an import was sent is removed once its job has ended, within a minute.
        await Services.GetRequiredService<Housekeeping>().RunOnceAsync(CancellationToken.None);
        List<Trace> left = await Trace.FindAsync(fixture.Database, victim.Number, victim.Signs);

        Trace[] unexpected = [.. left.Where(trace => trace switch
        {
            { Table: "audit" } => false,
            { Table: "changes", What: "number" } => false,
            { Table: "figures", What: "digest" } => false,
            _ => true,
        })];
        Assert.Empty(unexpected);
        Assert.Equal(0, await FiguresAsync(victim));
        Assert.DoesNotContain(
            Services.GetRequiredService<RecentQueries>().Of(victim.Index.CollectionId), query => query.Span.SequenceEqual(victim.Preview));
    }

    private Task<int> FiguresAsync(Victim victim) => fixture.Database.ReadAsync<int>(
        $"SELECT count(*) FROM figures WHERE model_id = {victim.Model} AND (name LIKE 'tsne.%' OR name LIKE 'top10.%')");

    private bool IsInIndex(Victim victim) => victim.Index.Snapshot.TryGet(victim.Number, out _)
        || Services.GetRequiredService<IndexFollower>().FindStandby(victim.Standby)?.Snapshot.TryGet(victim.Number, out _) != false;

    /// <summary>Puts a picture into every table that refers to pictures, beside some others.</summary>
    private async Task<Victim> PutEverywhereAsync()
    {
        string collection = await client.CreateCollectionAsync(), sign = Guid.NewGuid().ToString("n");
        string id = $"id-{sign}", model = $"m-{Guid.NewGuid():n}";
        byte[] picture = Pictures.Png(sign.GetHashCode(StringComparison.Ordinal));
        if (await fixture.Database.ReadAsync<long>("SELECT coalesce(max(number), 0) FROM items") < 987_654_321)
        {
            await fixture.Database.ExecuteAsync(fixture.Database.Provider == "postgres"
                ? "SELECT setval(pg_get_serial_sequence('items', 'number'), 987654321)"
                : "INSERT INTO sqlite_sequence (name, seq) SELECT 'items', 987654321 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'items'); UPDATE sqlite_sequence SET seq = 987654321 WHERE name = 'items'");
        }

        string line = JsonSerializer.Serialize(new { id, image = picture, labels = (string[])["dog", $"label-{sign}"], metadata = new { secret = $"metadata-{sign}" } });
        (await client.ImportAsync(collection, Encoding.UTF8.GetBytes(line), contentType: "application/x-ndjson")).AssertSucceeded(1);
        for (int n = 0; n < Others; n++)
        {
            await client.AddAsync(collection, $"p{n}", Pictures.Png(n), [n % 2 == 0 ? "dog" : "cat"]);
        }

        // What people say of it.
        foreach (string said in (string[])[
            $$$"""{"query":{"id":"{{{id}}}"},"id":"p1","verdict":"wrong","notDuplicate":true}""",
            $$$"""{"query":{"id":"p2"},"id":"{{{id}}}","verdict":"right"}""",
            $$$"""{"query":{"code":"{{{new string('0', 16)}}}"},"id":"{{{id}}}","verdict":"right"}"""])
        {
            (await client.SendJsonAsync(HttpMethod.Post, $"/collections/{collection}/feedback", said)).AssertStatus(HttpStatusCode.Created);
        }

        // Jobs that keep something of it: a second generation, near duplicates, the figures of a model, and what a model was trained on.
        int other = await fixture.Service.AddModelAsync(model);
        await client.FillAsync(collection, model);
        await EndAsync($"/collections/{collection}/duplicates", """{"distance":8}""");
        await EndAsync("/evaluations", $$"""{"model":"{{model}}","collection":"{{collection}}"}""");
        ImageResponse image = (await client.GetAsync(ApiClient.ImagePath(collection, id))).Read<ImageResponse>();
        await AddTrainedAsync(other, image);
        await client.FindAsync(picture, $"?collection={collection}");

        byte[] preview = (await client.GetAsync($"{ApiClient.ImagePath(collection, id)}/preview")).Body;
        byte[] digest = SHA256.HashData(picture);
        CollectionIndex index = Services.GetRequiredService<SearchService>().Find(collection)!;
        var victim = new Victim(
            collection,
            id,
            await fixture.Database.ReadAsync<long>($"SELECT number FROM items WHERE public_id = '{id}'"),
            picture,
            preview,
            index,
            (await client.GenerationsAsync(collection)).Items.Single(g => g.Generation.Model == model).Generation.Id,
            other,
            [
                ("name", Encoding.UTF8.GetBytes(sign)),
                ("preview", preview),
                ("bytes", picture),
                ("bytes", Encoding.UTF8.GetBytes(Convert.ToBase64String(picture))),
                ("digest", digest),
                ("digest", Encoding.UTF8.GetBytes(Convert.ToHexStringLower(digest))),
                ("signature", Convert.FromHexString(image.Signature)),
            ]);
        await AssertEverywhereAsync(victim);
        return victim;
    }

    /// <summary>Asserts that the picture is in every table that refers to pictures, and in memory: a table that is new belongs into the test.</summary>
    private async Task AssertEverywhereAsync(Victim victim)
    {
        await using DpfahContext context = Services.GetRequiredService<Database>().CreateContext();
        IEnumerable<string> referring = context.Model.GetEntityTypes()
            .Where(type => type.ClrType == typeof(Item) || type.GetForeignKeys().Any(key => key.PrincipalEntityType.ClrType == typeof(Item)))
            .Select(type => type.GetTableName()!);
        List<Trace> traces = await Trace.FindAsync(fixture.Database, victim.Number, victim.Signs);
        Assert.Empty(referring.Concat(["changes", "figures", "blob_chunks"]).Except(traces.Select(trace => trace.Table)));
        Assert.True(await FiguresAsync(victim) > 0, "There are no figures.");
        Assert.Equal(
            2, await fixture.Database.ReadAsync<int>($"SELECT count(*) FROM codes WHERE item_number = {victim.Number}"));
        Assert.True(victim.Index.Snapshot.TryGet(victim.Number, out _));
        Assert.True(Services.GetRequiredService<IndexFollower>().FindStandby(victim.Standby)!.Snapshot.TryGet(victim.Number, out _));
        Assert.Contains(
            Services.GetRequiredService<RecentQueries>().Of(victim.Index.CollectionId), query => query.Span.SequenceEqual(victim.Preview));
    }

    private async Task AddTrainedAsync(int model, ImageResponse image)
    {
        using var folder = new TemporaryFolder();
        var item = new CollectionItem(image.Id, image.Labels, image.Sha256, CollectionPart.Train, 0, 1);
        await File.WriteAllTextAsync(folder["items"], item.ToJson());
        (string name, string contentType, byte[] bytes) = await TrainedPictures.PackAsync(folder["items"], CancellationToken.None);
        await Services.GetRequiredService<Database>().WriteAsync(
            async (context, token) =>
            {
                context.Figures.Add(new StoredFigure { ModelId = model, Name = name, ContentType = contentType, Bytes = bytes });
                return await context.SaveChangesAsync(token);
            },
            CancellationToken.None);
        Dictionary<string, CollectionPart>? parts = await Services.GetRequiredService<TrainedPictures>().ReadAsync(model, CancellationToken.None);
        Assert.Equal(CollectionPart.Train, parts![image.Sha256]);
    }

    private async Task EndAsync(string path, string json)
    {
        JobResponse job = await client.EndOfJobAsync((await client.SendJsonAsync(HttpMethod.Post, path, json)).Read<JobResponse>(HttpStatusCode.Accepted).Id);
        Assert.True(job.State == JobState.Succeeded, job.Error);
    }

    private sealed record Victim(
        string Collection,
        string Id,
        long Number,
        byte[] Picture,
        byte[] Preview,
        CollectionIndex Index,
        int Standby,
        int Model,
        IReadOnlyList<(string What, byte[] Bytes)> Signs);
}

public sealed class DeletionTests_Postgres(PostgresService fixture) : DeletionTests(fixture), IClassFixture<PostgresService>;

public sealed class DeletionTests_Sqlite(SqliteService fixture) : DeletionTests(fixture), IClassFixture<SqliteService>;
