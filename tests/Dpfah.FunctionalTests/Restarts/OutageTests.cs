using System.Net;
using Dpfah.Api.Health;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Restarts;

/// <summary>A database that is away for a while. On a server of its own, which is stopped and started.</summary>
public sealed class OutageTests_Postgres(OwnCluster own) : IClassFixture<OwnCluster>
{
    // Whether the server has forgotten numbers hangs on what else it wrote in between: most often the first crash does.
    private const int MostCrashes = 8;

    [Fact]
    public async Task A_database_that_is_down_at_start_is_told_and_waited_for()
    {
        using TestDatabase database = await own.CreateDatabaseAsync();
        await own.Cluster.StopAsync();
        await using RunningService service = await RunningService.StartWithoutWaitingAsync(database);
        try
        {
            await Outage.AssertNotReadyAsync(service.Client, "refused");
        }
        finally
        {
            await own.Cluster.StartAsync();
        }

        await service.WaitUntilReadyAsync();
        (await service.Client.PutAsync("default", "a", Pictures.Png(1))).AssertStatus(HttpStatusCode.Created);
    }

    [Fact]
    public async Task The_next_request_after_a_restart_of_the_database_works()
    {
        using TestDatabase database = await own.CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(database);
        for (int round = 0; round < 3; round++)
        {
            // Many connections, each of which the restart breaks.
            await Task.WhenAll(Enumerable.Range(0, 40).Select(n => service.Client.PutAsync("default", $"p{n}", Pictures.Png((40 * round) + n))));

            await own.Cluster.RestartAsync();

            string position = (await service.Client.AddAsync("default", $"after{round}", Pictures.Png(1000 + round))).Position!;
            SearchResponse found = await service.Client.FindAsync(Pictures.Png(1000 + round), $"?minPosition={position}&include=metadata");
            Assert.Equal($"after{round}", found.Hits[0].Id);
            (await service.Client.GetAsync("/collections/default/images/p1/preview")).AssertStatus(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task A_write_after_a_crash_of_the_database_is_found_although_its_position_was_given_before()
    {
        using TestDatabase database = await own.CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(database);

        // The server forgets in a crash what it was not asked to have on disk; that it is also written there now and then is put off.
        foreach (string setting in new[] { "wal_writer_delay = '10s'", "bgwriter_delay = '10s'", "autovacuum = off" })
        {
            await own.Cluster.ExecuteAsync($"ALTER SYSTEM SET {setting}");
        }

        await own.Cluster.ExecuteAsync("SELECT pg_reload_conf()");
        bool givenAgain = false;
        for (int attempt = 0; attempt < MostCrashes && !givenAgain; attempt++)
        {
            long before = NumberOf((await service.Client.AddAsync("default", $"a{attempt}", Pictures.Png(attempt))).Position!);

            // Numbers of transactions that are rolled back: the index passes over them.
            await database.ExecuteAsync("DO $$ BEGIN FOR i IN 1..1000 LOOP PERFORM pg_current_xact_id(); ROLLBACK; END LOOP; END $$");
            await Eventually.BecomesAsync(
                () => service.Client.FindAsync(Pictures.Png(attempt)), found => NumberOf(found.Position) >= before + 1000, found => found.Position);
            await own.Cluster.CrashAsync();
            await own.Cluster.StartAsync();
            for (int n = 100 * (attempt + 1); n < (100 * (attempt + 1)) + 8; n++)
            {
                string position = (await service.Client.AddAsync("default", $"b{n}", Pictures.Png(n))).Position!;
                SearchResponse found = await service.Client.FindAsync(Pictures.Png(n), $"?minPosition={position}");
                Assert.Equal(($"b{n}", 0), (found.Hits[0].Id, found.Hits[0].FineDistance));
                givenAgain |= NumberOf(position) < before + 1000;
            }
        }

        Assert.True(givenAgain, $"In {MostCrashes} crashes no number was given a second time.");

        static long NumberOf(string position) => long.Parse(position.Split(':')[1]);
    }

    [Fact]
    public async Task Searches_go_on_while_the_database_is_away_and_the_rest_says_so()
    {
        using TestDatabase database = await own.CreateDatabaseAsync();
        await using RunningService service = await RunningService.StartAsync(database);
        ApiClient client = service.Client;
        ImageResponse image = await client.AddAsync("default", "a", Pictures.Png(1));
        (await client.SearchAsync(Pictures.Png(1), $"?minPosition={image.Position}")).AssertStatus(HttpStatusCode.OK);

        await own.Cluster.StopAsync();
        try
        {
            Answer told = await Eventually.BecomesAsync(
                () => client.GetAsync("/health/ready"), answer => answer.Status == HttpStatusCode.ServiceUnavailable);
            ReadyResponse ready = told.Read<ReadyResponse>(HttpStatusCode.ServiceUnavailable);
            Assert.Equal(("not ready", "database"), (ready.Status, ready.Step));
            (await client.GetAsync("/health/live")).AssertStatus(HttpStatusCode.OK);

            Assert.Equal("a", (await client.FindAsync(Pictures.Png(1))).Hits[0].Id);
            Assert.Equal("a", (await client.SearchCodeAsync(new SearchByCodeRequest(image.Code, null, null))).Read<SearchResponse>().Hits[0].Id);
            foreach (Answer refused in await Task.WhenAll(
                client.PutAsync("default", "b", Pictures.Png(2)),
                client.GetAsync("/collections/default/images/a"),
                client.DeleteAsync("/collections/default/images/a"),
                client.SearchAsync(Pictures.Png(1), "?include=metadata")))
            {
                refused.ReadProblem(HttpStatusCode.ServiceUnavailable, "database-unavailable");
                Assert.NotNull(refused.Headers.RetryAfter);
            }
        }
        finally
        {
            await own.Cluster.StartAsync();
        }

        await Eventually.BecomesAsync(() => client.GetAsync("/health/ready"), ready => ready.Status == HttpStatusCode.OK);
        (await client.PutAsync("default", "b", Pictures.Png(2))).AssertStatus(HttpStatusCode.Created);
        Assert.Equal(2, (await client.ListAsync("default")).Count);
    }
}

/// <summary>A SQLite file that cannot be opened for a while.</summary>
public sealed class OutageTests_Sqlite
{
    [Fact]
    public async Task A_file_that_cannot_be_opened_at_start_is_told_and_waited_for()
    {
        using var database = new SqliteTestDatabase();
        string file = Path.Combine(database.DataFolder, "dpfah.db");
        Directory.CreateDirectory(file);
        await using RunningService service = await RunningService.StartWithoutWaitingAsync(database);
        await Outage.AssertNotReadyAsync(service.Client, "SQLite Error");

        Directory.Delete(file);

        await service.WaitUntilReadyAsync();
        (await service.Client.PutAsync("default", "a", Pictures.Png(1))).AssertStatus(HttpStatusCode.Created);
    }
}

/// <summary>What a service says that waits for its database.</summary>
internal static class Outage
{
    public static async Task AssertNotReadyAsync(ApiClient client, string reason)
    {
        Answer answer = await Eventually.BecomesAsync(
            () => client.GetAsync("/health/ready"), ready => ready.Text.Contains(reason, StringComparison.OrdinalIgnoreCase), ready => ready.Text);
        ReadyResponse told = answer.Read<ReadyResponse>(HttpStatusCode.ServiceUnavailable);
        Assert.Equal(("not ready", "database"), (told.Status, told.Step));
        Assert.NotNull(answer.Headers.RetryAfter);
        (await client.GetAsync("/health/live")).AssertStatus(HttpStatusCode.OK);
        foreach (Answer refused in new[]
        {
            await client.SearchAsync(Pictures.Png(1)),
            await client.PutAsync("default", "a", Pictures.Png(1)),
            await client.GetAsync("/collections"),
            await client.SendAsync(HttpMethod.Put, "/collections/new"),
        })
        {
            refused.ReadProblem(HttpStatusCode.ServiceUnavailable, "not-ready");
            Assert.NotNull(refused.Headers.RetryAfter);
        }
    }
}
