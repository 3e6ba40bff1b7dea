using System.Net;
using Dpfah.Api.Search;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Core.Indexing;
using Dpfah.Core.Indexing.Filters;
using Dpfah.Engine;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Dpfah.FunctionalTests.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dpfah.FunctionalTests.Search;

/// <summary>The load of all codes at a start, against the database and against an index that followed the log.</summary>
public abstract class LoadingTests
{
    // More than are read between two reports of progress.
    private const int Many = 12_000;

    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Fact]
    public async Task A_restart_answers_as_the_service_did_that_followed_the_log()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        string[][] labels = [[], ["dog"], ["dog", "wild cat"], ["cat", "dog"], ["a,b", "\"{\\}\"", "NULL", "größe \u4e2d\u6587 \U0001F408"], LongLabels()];
        List<SearchResponse> before;
        await using (RunningService first = await RunningService.StartAsync(database))
        {
            for (int n = 0; n < 60; n++)
            {
                await first.Client.AddAsync("default", IdOf(n), Pictures.Png(n), labels[n % labels.Length], MetadataOf(n));
            }

            for (int n = 0; n < 60; n += 7)
            {
                await first.Client.PutAsync("default", IdOf(n), Pictures.Png(100 + n), labels[(n + 1) % labels.Length]);
                await first.Client.DeleteAsync(ApiClient.ImagePath("default", IdOf(n + 3)));
            }

            string position = (await first.Client.AddAsync("default", "last", Pictures.Png(200))).Position!;
            (await first.Client.SearchAsync(Pictures.Png(1), $"?minPosition={position}")).AssertStatus(HttpStatusCode.OK);
            before = await SearchAsync(first.Client);
        }

        await using RunningService second = await RunningService.StartAsync(database);

        IndexFollower loaded = second.Services.GetRequiredService<IndexFollower>();
        Assert.Equal(await RowsAsync(second.Services.GetRequiredService<Database>(), "default"), Rows(loaded.Find("default")!));
        List<SearchResponse> after = await SearchAsync(second.Client);
        for (int query = 0; query < before.Count; query++)
        {
            Assert.Equal(before[query].Ranking, after[query].Ranking);
            Assert.Equal(before[query].Hits.Select(Line), after[query].Hits.Select(Line));
        }
    }

    [Fact]
    public async Task What_is_written_while_codes_are_loaded_is_neither_lost_nor_doubled()
    {
        using TestDatabase file = await CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(file);
        (ApiClient client, IndexFollower follower) = (service.Client, service.Services.GetRequiredService<IndexFollower>());
        Database database = service.Services.GetRequiredService<Database>();
        string gone = await client.CreateCollectionAsync();
        await client.AddAsync(gone, "a", Pictures.Png(1));
        foreach (string id in new[] { "early relabelled", "early replaced", "early deleted" })
        {
            await client.AddAsync("default", id, Pictures.Png(1), ["dog"]);
        }

        await FillAsync(database, "default");
        foreach (string id in new[] { "late relabelled", "late replaced", "late deleted" })
        {
            await client.AddAsync("default", id, Pictures.Png(2), ["cat"]);
        }

        List<string> before = await RowsAsync(database, "default");
        Assert.Equal(Many + 6, before.Count);
        string made = $"c-{Guid.NewGuid():n}";
        string? position = null;
        using IndexFollower loading = NewFollower(service);
        await loading.LoadAsync(
            epoch: 1,
            (done, total) =>
            {
                Assert.Equal(Many + 7, total);
                if (position is null && done < total)
                {
                    position = WriteAsync().GetAwaiter().GetResult();
                }
            },
            CancellationToken.None);

        // What was written is not in the snapshot that was loaded; the log has it all.
        Assert.NotNull(position);
        Assert.Equal(before, Rows(loading.Find("default")!));
        Assert.Equal(1, loading.Find(gone)!.Snapshot.Count);
        Assert.Null(loading.Find(made));
        using var stop = new CancellationTokenSource();
        Task following = loading.FollowAsync(_ => { }, stop.Token);
        Assert.True(await loading.WaitAsync(ulong.Parse(position.Split(':')[1]), CancellationToken.None));
        Assert.True(await follower.WaitAsync(ulong.Parse(position.Split(':')[1]), CancellationToken.None));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);

        List<string> after = await RowsAsync(database, "default");
        Assert.Equal(Many + 5, after.Count);
        Assert.Equal(after, Rows(loading.Find("default")!));
        Assert.Null(loading.Find(gone));
        Assert.Equal(1, loading.Find(made)!.Snapshot.Count);
        AssertSameAnswers(follower.Find("default")!, loading.Find("default")!);

        // Nobody follows the log for long here, so each write is waited for in the end only.
        async Task<string> WriteAsync()
        {
            foreach (string when in new[] { "early", "late" })
            {
                await client.SendJsonAsync(HttpMethod.Patch, ApiClient.ImagePath("default", $"{when} relabelled"), """{"labels":["new","dog"]}""");
                (await client.PutAsync("default", $"{when} replaced", Pictures.Png(3))).AssertStatus(HttpStatusCode.OK);
                (await client.DeleteAsync(ApiClient.ImagePath("default", $"{when} deleted"))).AssertStatus(HttpStatusCode.NoContent);
            }

            (await client.DeleteAsync($"/collections/{gone}")).AssertStatus(HttpStatusCode.NoContent);
            (await client.SendAsync(HttpMethod.Put, $"/collections/{made}")).AssertStatus(HttpStatusCode.Created);
            await client.AddAsync(made, "b", Pictures.Png(4));
            return (await client.AddAsync("default", "new", Pictures.Png(5), ["new"])).Position!;
        }
    }

    [Fact]
    public async Task A_load_that_is_cancelled_or_fails_leaves_the_index_as_it_was()
    {
        using TestDatabase file = await CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(file);
        Database database = service.Services.GetRequiredService<Database>();
        await FillAsync(database, "default");
        using IndexFollower follower = NewFollower(service);
        await follower.LoadAsync(1, (_, _) => { }, CancellationToken.None);
        CollectionIndex before = follower.Find("default")!;
        Assert.Equal(Many, before.Snapshot.Count);
        List<string> rows = Rows(before);

        for (int round = 0; round < 3; round++)
        {
            using var stop = new CancellationTokenSource();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => follower.LoadAsync(1, (_, _) => stop.Cancel(), stop.Token));
            await Assert.ThrowsAsync<NotSupportedException>(
                () => follower.LoadAsync(1, (_, _) => throw new NotSupportedException(), CancellationToken.None));
            Assert.Same(before, follower.Find("default"));
        }

        long number = await file.ReadAsync<long>("SELECT max(item_number) FROM codes");
        await file.ExecuteAsync("CREATE TABLE saved_codes AS SELECT * FROM codes");
        await file.ExecuteAsync($"UPDATE codes SET code = signature WHERE item_number = {number}");
        InvalidDataException refused = await Assert.ThrowsAsync<InvalidDataException>(
            () => follower.LoadAsync(1, (_, _) => { }, CancellationToken.None));
        Assert.Contains($"item {number} ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("256 bits", refused.Message, StringComparison.Ordinal);
        Assert.Same(before, follower.Find("default"));
        Assert.Equal(rows, Rows(before));

        await file.ExecuteAsync($"UPDATE codes SET code = (SELECT s.code FROM saved_codes s WHERE s.item_number = {number}) WHERE item_number = {number}");
        await follower.LoadAsync(1, (_, _) => { }, CancellationToken.None);
        Assert.NotSame(before, follower.Find("default"));
        Assert.Equal(rows, Rows(follower.Find("default")!));
    }

    private static IndexFollower NewFollower(RunningService service) => new(
        service.Services.GetRequiredService<Database>(),
        service.Services.GetRequiredService<ModelStore>(),
        service.Services.GetRequiredService<EngineOptions>(),
        new RecentQueries(),
        NullLogger<IndexFollower>.Instance);

    // Numbers of few and of many bytes, in ids of one byte a character and of four.
    private static string IdOf(int n) => n % 5 == 0 ? string.Concat(Enumerable.Repeat("\U0001F408", 1 + (4 * n))) : $"p{n}";

    private static string[] LongLabels() =>
        [.. Enumerable.Range(0, 64).Select(n => $"{n:00}" + string.Concat(Enumerable.Repeat("\U0001F408", 126)))];

    private static async Task<List<SearchResponse>> SearchAsync(ApiClient client)
    {
        var answers = new List<SearchResponse>();
        foreach (string filter in new[] { "", "&label=dog", "&label=a%2Cb&label=cat", "&radius=3", "&radius=2&label=dog" })
        {
            foreach (int k in new[] { 1, 10, 1000 })
            {
                foreach (int n in new[] { 1, 7, 107, 300 })
                {
                    answers.Add(await client.FindAsync(Pictures.Png(n), $"?k={k}{filter}"));
                }
            }
        }

        answers.Add((await client.GetAsync($"{ApiClient.ImagePath("default", IdOf(5))}/similar?k=1000")).Read<SearchResponse>());
        Assert.DoesNotContain(IdOf(5), answers[^1].Hits.Select(hit => hit.Id));
        return answers;
    }

    private static string Line(Hit hit) => $"{hit.Id} {hit.Distance} {hit.FineDistance} {string.Join('|', hit.Labels)} {hit.Preview}";

    /// <summary>Adds many items as other nodes would have: with their rows in the log.</summary>
    private static async Task FillAsync(Database database, string collection)
    {
        var random = new Random(5);
        await database.WriteAsync(
            async (context, token) =>
            {
                Generation generation = await GenerationAsync(context, collection, token);
                DateTime now = DateTime.UtcNow;
                Item[] items = [.. Enumerable.Range(0, Many).Select(n => new Item
                {
                    CollectionId = generation.CollectionId,
                    PublicId = $"m{n}",
                    Labels = n % 3 == 0 ? [] : [$"l{n % 50}"],
                    Metadata = MetadataOf(n),
                    ContentDigest = new byte[32],
                    Version = 1,
                    CreatedAt = now,
                    UpdatedAt = now,
                })];
                context.Items.AddRange(items);
                await context.SaveChangesAsync(token);
                foreach (Item item in items)
                {
                    byte[] code = new byte[8], signature = new byte[32];
                    random.NextBytes(code.AsSpan(0, 2));
                    random.NextBytes(signature);
                    context.Codes.Add(new StoredCode { GenerationId = generation.Id, ItemNumber = item.Number, Code = code, Signature = signature });
                    context.Changes.Add(new Change
                    {
                        CollectionId = generation.CollectionId,
                        GenerationId = generation.Id,
                        ItemNumber = item.Number,
                        Kind = ChangeKind.Put,
                        DigestDelta = ItemDigest.Of(item.Number, BinaryCode.FromBytes(code), BinaryCode.FromBytes(signature), item.Labels),
                        CountDelta = 1,
                        CreatedAt = now,
                    });
                }

                return await context.SaveChangesAsync(token);
            },
            CancellationToken.None);
    }

    private static Task<Generation> GenerationAsync(DpfahContext context, string collection, CancellationToken cancellationToken) =>
        context.Collections.Where(c => c.Name == collection)
            .Join(context.Generations.Where(g => g.IsActive), c => c.Id, g => g.CollectionId, (c, g) => g)
            .SingleAsync(cancellationToken);

    /// <summary>What the index should hold, one line an item, read by plain queries.</summary>
    private static Task<List<string>> RowsAsync(Database database, string collection) => database.ReadAsync(
        async (context, token) =>
        {
            Generation generation = await GenerationAsync(context, collection, token);
            List<Item> items = await context.Items.Where(i => i.CollectionId == generation.CollectionId).OrderBy(i => i.Number).ToListAsync(token);
            Dictionary<long, StoredCode> codes = await context.Codes.Where(c => c.GenerationId == generation.Id)
                .ToDictionaryAsync(c => c.ItemNumber, token);
            return items.ConvertAll(i => Row(
                i.Number, i.PublicId, i.Labels, i.Metadata, BinaryCode.FromBytes(codes[i.Number].Code), BinaryCode.FromBytes(codes[i.Number].Signature)));
        },
        CancellationToken.None);

    private static List<string> Rows(CollectionIndex index) =>
        [.. index.Snapshot.Entries.OrderBy(e => e.Id).Select(e => Row(e.Id, e.Item.PublicId, e.Item.Labels, e.Item.Fields[e.Item.Labels.Count..].ToArray(), e.Code, e.Signature))];

    private static string Row(long number, string publicId, IReadOnlyList<string> labels, string? metadata, BinaryCode code, BinaryCode signature) =>
        Row(number, publicId, labels, [.. ItemProperties.FieldsOf(metadata)], code, signature);

    private static string Row(long number, string publicId, IReadOnlyList<string> labels, ItemField[] metadata, BinaryCode code, BinaryCode signature) =>
        $"{number} {publicId} [{string.Join('|', labels)}] {string.Join('|', metadata)} {code} {signature}";

    private static string? MetadataOf(int n) => n % 4 == 0 ? null : $"{{\"n\":{n},\"größe\":[\"中\",{n % 9},null],\"deep\":{{\"a\":1}}}}";

    private static void AssertSameAnswers(CollectionIndex followed, CollectionIndex loaded)
    {
        Assert.Equal(followed.Digest, loaded.Digest);
        var random = new Random(6);
        for (int n = 0; n < 100; n++)
        {
            var bytes = new byte[8 + (ImageCode.SignatureBits / 8)];
            random.NextBytes(bytes.AsSpan(0, 2));
            random.NextBytes(bytes.AsSpan(8));
            string label = $"l{random.Next(60)}";
            var query = new IndexQuery<IndexedItem>
            {
                Code = BinaryCode.FromBytes(bytes.AsSpan(0, 8)),
                Signature = n % 4 == 0 ? null : BinaryCode.FromBytes(bytes.AsSpan(8)),
                K = random.Next(1, 200),
                Radius = n % 5 == 0 ? random.Next(8) : null,
                Filter = n % 3 == 0 ? ItemFilter.In(ItemProperties.LabelField, FieldValue.Of(label)) : null,
            };
            (IndexAnswer<IndexedItem> one, IndexAnswer<IndexedItem> other) = (followed.Snapshot.Search(query), loaded.Snapshot.Search(query));
            Assert.Equal((one.CutDistance, one.BelowCut, one.TiedAtCut), (other.CutDistance, other.BelowCut, other.TiedAtCut));
            Assert.Equal(
                one.Neighbors.Select(m => (m.Key, m.Item.PublicId, string.Join('|', m.Item.Labels))),
                other.Neighbors.Select(m => (m.Key, m.Item.PublicId, string.Join('|', m.Item.Labels))));
        }
    }
}

// Its transactions are long, and hold positions back in all databases of their server.
public sealed class LoadingTests_Postgres(OwnCluster own) : LoadingTests, IClassFixture<OwnCluster>
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => own.CreateDatabaseAsync();
}

public sealed class LoadingTests_Sqlite : LoadingTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
