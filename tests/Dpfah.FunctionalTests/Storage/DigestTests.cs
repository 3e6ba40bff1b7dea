using System.Net;
using Dpfah.Api.Health;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Storage;

/// <summary>What was changed behind the service's back is found at the start.</summary>
public abstract class DigestTests
{
    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Theory]
    [InlineData("UPDATE codes SET signature = (SELECT signature FROM codes ORDER BY item_number DESC LIMIT 1)")]
    [InlineData("UPDATE items SET labels = (SELECT labels FROM items ORDER BY number DESC LIMIT 1)")]
    [InlineData("DELETE FROM codes WHERE item_number = (SELECT max(item_number) FROM codes)")]
    public async Task Rows_that_were_altered_keep_the_service_from_being_ready_until_they_are_restored(string statement)
    {
        using TestDatabase database = await CreateDatabaseAsync();
        await using (RunningService first = await RunningService.StartAsync(database))
        {
            await first.Client.PutAsync("default", "a", Pictures.Png(1), ["dog"]);
            await first.Client.PutAsync("default", "b", Pictures.Png(2), ["cat"]);
        }

        await database.ExecuteAsync("CREATE TABLE saved_codes AS SELECT * FROM codes");
        await database.ExecuteAsync("CREATE TABLE saved_items AS SELECT * FROM items");
        Assert.True(await database.ExecuteAsync(statement) > 0);
        await using RunningService service = await RunningService.StartWithoutWaitingAsync(database);

        ReadyResponse ready = await Eventually.BecomesAsync(
            async () => (await service.Client.GetAsync("/health/ready")).Read<ReadyResponse>(HttpStatusCode.ServiceUnavailable),
            ready => ready.Detail.Contains("digest", StringComparison.Ordinal));
        Assert.Equal(("not ready", "index"), (ready.Status, ready.Step));
        Assert.Contains("'default'", ready.Detail, StringComparison.Ordinal);
        Answer refused = await service.Client.SearchAsync(Pictures.Png(1));
        Assert.Contains("digest", refused.ReadProblem(HttpStatusCode.ServiceUnavailable, "not-ready").Detail, StringComparison.Ordinal);
        Assert.NotNull(refused.Headers.RetryAfter);

        await database.ExecuteAsync("DELETE FROM codes");
        await database.ExecuteAsync("INSERT INTO codes SELECT * FROM saved_codes");
        await database.ExecuteAsync("UPDATE items SET labels = (SELECT s.labels FROM saved_items s WHERE s.number = items.number)");
        await service.WaitUntilReadyAsync();
        Assert.Equal(2, (await service.Client.FindAsync(Pictures.Png(1))).Hits.Count);
    }
}

public sealed class DigestTests_Postgres(PostgresServer server) : DigestTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => PostgresTestDatabase.CreateAsync(server);
}

public sealed class DigestTests_Sqlite : DigestTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
