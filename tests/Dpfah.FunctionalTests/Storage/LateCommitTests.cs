using System.Net;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Storage;

/// <summary>
/// The change log is read while transactions commit in another order than they began. On a server of its own: an open
/// transaction holds up every follower of the server.
/// </summary>
public sealed class LateCommitTests_Postgres(OwnCluster cluster) : IClassFixture<OwnCluster>
{
    private const string Collection = "default";

    [Fact]
    public async Task A_picture_of_a_transaction_that_commits_late_is_not_lost()
    {
        using TestDatabase database = await cluster.CreateDatabaseAsync();
        await using (RunningService service = await StartWithSourceAsync(database))
        {
            await using LateTransaction late = await LateTransaction.BeginAsync(database, Collection, "source", "late");
            ImageResponse early = await service.Client.AddAsync(Collection, "early", Pictures.Png(1));

            // The order of which a reader by "seq > last" loses the late row.
            Assert.True(late.Seq < await database.ReadAsync<long>("SELECT max(seq) FROM changes"));
            Task<Answer> waiting = service.Client.SearchAsync(Pictures.Png(1), $"?minPosition={early.Position}");
            for (int n = 0; n < 10; n++)
            {
                // Unasked, a search goes on without the two, and says how far it has seen.
                SearchResponse meanwhile = await service.Client.FindAsync(Pictures.Png(1));
                Assert.Equal(["source"], meanwhile.Hits.Select(hit => hit.Id));
                Assert.True(ulong.Parse(meanwhile.Position.Split(':')[1]) < late.Xid);
            }

            Assert.False(waiting.IsCompleted, "The search did not wait for the transaction that began before the position.");
            await late.CommitAsync();
            Assert.Equal(["early", "late", "source"], (await waiting).Read<SearchResponse>().Hits.Select(hit => hit.Id).Order());
        }

        await using RunningService again = await RunningService.StartAsync(database);
        Assert.Equal(3, (await again.Client.FindAsync(Pictures.Png(1))).Hits.Count);
    }

    [Fact]
    public async Task A_start_between_begin_and_commit_loses_nothing()
    {
        using TestDatabase database = await cluster.CreateDatabaseAsync();
        await (await StartWithSourceAsync(database)).DisposeAsync();
        await using LateTransaction late = await LateTransaction.BeginAsync(database, Collection, "source", "late");
        await using RunningService service = await RunningService.StartAsync(database);
        Assert.Single((await service.Client.FindAsync(Pictures.Png(1))).Hits);

        await late.CommitAsync();

        await Eventually.BecomesAsync(
            async () => (await service.Client.FindAsync(Pictures.Png(1))).Hits.Count, count => count == 2);
    }

    [Fact]
    public async Task A_transaction_that_is_rolled_back_holds_up_nothing_for_long()
    {
        using TestDatabase database = await cluster.CreateDatabaseAsync();
        await using RunningService service = await StartWithSourceAsync(database);
        await using LateTransaction late = await LateTransaction.BeginAsync(database, Collection, "source", "late");
        string position = (await service.Client.AddAsync(Collection, "early", Pictures.Png(1))).Position!;

        await late.RollbackAsync();

        SearchResponse found = await service.Client.FindAsync(Pictures.Png(1), $"?minPosition={position}");
        Assert.Equal(["early", "source"], found.Hits.Select(hit => hit.Id).Order());
    }

    [Fact]
    public async Task A_transaction_that_stays_open_is_named_as_what_holds_a_search_up()
    {
        using TestDatabase database = await cluster.CreateDatabaseAsync();
        await using RunningService service = await StartWithSourceAsync(database);
        await using LateTransaction late = await LateTransaction.BeginAsync(database, Collection, "source", "late");
        string position = (await service.Client.AddAsync(Collection, "early", Pictures.Png(1))).Position!;

        Answer answer = await service.Client.SearchAsync(Pictures.Png(1), $"?minPosition={position}");

        Problem problem = answer.ReadProblem(HttpStatusCode.ServiceUnavailable, "not-ready");
        Assert.Contains("long transaction", problem.Detail, StringComparison.Ordinal);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    private static async Task<RunningService> StartWithSourceAsync(TestDatabase database)
    {
        RunningService service = await RunningService.StartAsync(database);
        string position = (await service.Client.AddAsync(Collection, "source", Pictures.Png(1), ["dog"])).Position!;
        (await service.Client.SearchAsync(Pictures.Png(1), $"?minPosition={position}")).AssertStatus(HttpStatusCode.OK);
        return service;
    }
}
