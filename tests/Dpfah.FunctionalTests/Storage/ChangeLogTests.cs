using System.Net;
using Dpfah.Api.Search;
using Dpfah.Engine.Data;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.Storage;

/// <summary>The change log as several nodes read it, and when it is trimmed.</summary>
public abstract class ChangeLogTests
{
    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Fact]
    public async Task Nodes_follow_each_other()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService first = await RunningService.StartAsync(database);
        await using RunningService second = await RunningService.StartAsync(database);
        ApiClient[] nodes = [first.Client, second.Client];
        string collection = await first.Client.CreateCollectionAsync();
        await Eventually.BecomesAsync(() => second.Client.GetAsync($"/collections/{collection}"), answer => answer.Status == HttpStatusCode.OK);

        for (int n = 0; n < 20; n++)
        {
            ApiClient writer = nodes[n % 2], reader = nodes[1 - (n % 2)];
            string position = (await writer.AddAsync(collection, $"p{n}", Pictures.Png(n))).Position!;
            SearchResponse found = await reader.FindAsync(Pictures.Png(n), $"?k=1&collection={collection}&minPosition={position}");
            Assert.Equal(($"p{n}", 0), (found.Hits[0].Id, found.Hits[0].FineDistance));
        }

        string gone = (await first.Client.DeleteAsync($"/collections/{collection}")).Headers.GetValues("Dpfah-Position").Single();
        (await second.Client.SearchAsync(Pictures.Png(1), $"?collection={collection}&minPosition={gone}"))
            .ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
    }

    [Fact]
    public async Task A_trimmed_log_still_proves_the_index_at_the_next_start()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        List<string> kept;
        string before;
        await using (RunningService service = await RunningService.StartAsync(database))
        {
            for (int n = 0; n < 30; n++)
            {
                await service.Client.PutAsync("default", $"p{n % 20}", Pictures.Png(n), [$"l{n}"]);
            }

            Answer deleted = await service.Client.DeleteAsync("/collections/default/images/p0");
            before = deleted.Headers.GetValues("Dpfah-Position").Single();
            await TrimAsync(service, database);
            kept = await SearchAsync(service, "");
            string after = (await service.Client.DeleteAsync("/collections/default/images/p1")).Headers.GetValues("Dpfah-Position").Single();
            Assert.True(ValueOf(after) > ValueOf(before), "Positions went back.");
            kept.Remove("p1");
        }

        await using RunningService again = await RunningService.StartAsync(database);
        Assert.Equal(18, kept.Count);
        Assert.Equal(kept, await SearchAsync(again, $"&minPosition={before}"));
    }

    [Fact]
    public async Task A_node_that_was_away_while_the_log_was_trimmed_reloads_its_index()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using RunningService writer = await RunningService.StartAsync(database);
        await using ServiceProcess away = HostProcess.Start(database);
        await away.WaitUntilReadyAsync();
        using var client = new ApiClient(away.BaseAddress);
        string seen = (await writer.Client.AddAsync("default", "a", Pictures.Png(1))).Position!;
        (await client.SearchAsync(Pictures.Png(1), $"?minPosition={seen}")).AssertStatus(HttpStatusCode.OK);

        away.Pause();
        await writer.Client.PutAsync("default", "b", Pictures.Png(2));
        await writer.Client.DeleteAsync("/collections/default/images/a");
        await TrimAsync(writer, database);
        string last = (await writer.Client.AddAsync("default", "c", Pictures.Png(3))).Position!;
        away.Continue();

        SearchResponse found = await client.FindAsync(Pictures.Png(2), $"?minPosition={last}");
        Assert.Equal(["b", "c"], found.Hits.Select(hit => hit.Id).Order());
        (await client.GetAsync("/health/ready")).AssertStatus(HttpStatusCode.OK);
    }

    private static async Task TrimAsync(RunningService service, TestDatabase database)
    {
        // Rows above the horizon are kept, and other tests' transactions on the same server hold it back for moments.
        Database log = service.Services.GetRequiredService<Database>();
        await Eventually.BecomesAsync(
            async () =>
            {
                await log.TrimLogAsync(TimeSpan.Zero, TimeProvider.System, CancellationToken.None);
                return await database.ReadAsync<long>("SELECT count(*) FROM changes");
            },
            count => count == 0);
    }

    private static async Task<List<string>> SearchAsync(RunningService service, string query) =>
        [.. (await service.Client.FindAsync(Pictures.Png(5), $"?k=1000{query}")).Hits.Select(hit => hit.Id)];

    private static ulong ValueOf(string position) => ulong.Parse(position.Split(':')[1]);
}

public sealed class ChangeLogTests_Postgres(PostgresServer server) : ChangeLogTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => PostgresTestDatabase.CreateAsync(server);
}

public sealed class ChangeLogTests_Sqlite : ChangeLogTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
