using System.Net;
using Dpfah.Api.Collections;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Images;

/// <summary>Many clients that write at once.</summary>
public abstract class ConcurrencyTests
{
    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Fact]
    public async Task Two_clients_that_put_an_id_at_once_make_one_picture()
    {
        const int Pairs = 50;
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(database);
        string collection = await service.Client.CreateCollectionAsync();
        int whole = 0;
        for (int pair = 0; pair < Pairs; pair++)
        {
            string id = $"p{pair}";
            Answer[] answers = await Task.WhenAll(
                service.Client.PutAsync(collection, id, Pictures.Png(2 * pair)),
                service.Client.PutAsync(collection, id, Pictures.Png((2 * pair) + 1)));

            Assert.Equal([HttpStatusCode.OK, HttpStatusCode.Created], answers.Select(answer => answer.Status).Order());
            ImageResponse kept = (await service.Client.GetAsync(ApiClient.ImagePath(collection, id))).Read<ImageResponse>();
            whole += answers.Any(answer => answer.Read<ImageResponse>(answer.Status).Signature == kept.Signature) ? 1 : 0;
        }

        Assert.Equal(Pairs, (await service.Client.ListAsync(collection)).Count);
        Counts.Report($"concurrent-puts-{database.Provider}", whole, Pairs);
    }

    [Fact]
    public async Task Two_clients_that_make_a_collection_at_once_make_one()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(database);
        for (int pair = 0; pair < 20; pair++)
        {
            string path = $"/collections/c{pair}";
            Answer[] answers = await Task.WhenAll(service.Client.SendAsync(HttpMethod.Put, path), service.Client.SendAsync(HttpMethod.Put, path));
            Assert.Equal([HttpStatusCode.OK, HttpStatusCode.Created], answers.Select(answer => answer.Status).Order());
            Assert.Single(answers.Select(answer => answer.Read<CollectionResponse>(answer.Status).Generation.Id).Distinct());
        }
    }

    [Fact]
    public async Task The_index_is_as_the_database_after_many_writes_of_few_ids()
    {
        const int Clients = 8;
        const int OperationsEach = 50;
        using TestDatabase database = await CreateDatabaseAsync();
        string collection;
        List<ImageResponse> listed;
        await using (RunningService service = await RunningService.StartAsync(database))
        {
            collection = await service.Client.CreateCollectionAsync();
            string[] positions = await Task.WhenAll(
                Enumerable.Range(0, Clients).Select(seed => WriteAsync(service.Client, collection, seed, OperationsEach)));
            string last = positions.MaxBy(position => ulong.Parse(position.Split(':')[1]))!;

            listed = await service.Client.ListAsync(collection);
            await AssertIndexIsAsync(service.Client, collection, listed, $"&minPosition={last}");
        }

        // The start compares the digest of what it loads with the one that the writes left.
        await using RunningService again = await RunningService.StartAsync(database);
        Assert.Equal(listed.Select(image => image.Id), (await again.Client.ListAsync(collection)).Select(image => image.Id));
        await AssertIndexIsAsync(again.Client, collection, listed, "");
        Counts.Report($"concurrent-writes-{database.Provider}", Clients * OperationsEach, Clients * OperationsEach);
    }

    private static async Task<string> WriteAsync(ApiClient client, string collection, int seed, int operations)
    {
        var random = new Random(seed);
        string position = "1:0";
        for (int n = 0; n < operations; n++)
        {
            string id = $"p{random.Next(5)}";
            string path = ApiClient.ImagePath(collection, id);
            string[] labels = [$"l{random.Next(3)}"];
            Answer answer = random.Next(4) switch
            {
                0 => await client.DeleteAsync(path),
                1 => await client.SendJsonAsync(HttpMethod.Patch, path, $$"""{ "labels": ["{{labels[0]}}"], "metadata": { "n": {{n}} } }"""),
                2 => await PatchAsReadAsync(client, path, labels[0]),
                _ => await client.PutAsync(collection, id, Pictures.Png(random.Next(20)), labels),
            };
            Assert.True(
                answer.Status is HttpStatusCode.OK or HttpStatusCode.Created or HttpStatusCode.NoContent
                    or HttpStatusCode.NotFound or HttpStatusCode.PreconditionFailed,
                $"{(int)answer.Status} {answer.Text} {answer.Errors}");
            if (answer.Headers.TryGetValues("Dpfah-Position", out IEnumerable<string>? values))
            {
                position = values.Single();
            }
        }

        return position;
    }

    private static async Task<Answer> PatchAsReadAsync(ApiClient client, string path, string label)
    {
        Answer read = await client.GetAsync(path);
        return read.ETag is null
            ? read
            : await client.SendJsonAsync(HttpMethod.Patch, path, $$"""{ "labels": ["{{label}}", "read"] }""", ("If-Match", read.ETag));
    }

    private static async Task AssertIndexIsAsync(ApiClient client, string collection, List<ImageResponse> listed, string query)
    {
        SearchResponse found = await client.FindAsync(Pictures.Png(0), $"?k=1000&collection={collection}{query}");
        Assert.Equal(
            Search.NaiveRanking.Rank(listed, found.Query.Code, found.Query.Signature, null, []),
            found.Hits.Select(hit => (hit.Id, hit.Distance, hit.FineDistance)));
        Assert.All(found.Hits, hit => Assert.Equal(listed.Single(image => image.Id == hit.Id).Labels, hit.Labels));
    }
}

public sealed class ConcurrencyTests_Postgres(PostgresServer server) : ConcurrencyTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => PostgresTestDatabase.CreateAsync(server);
}

public sealed class ConcurrencyTests_Sqlite : ConcurrencyTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
