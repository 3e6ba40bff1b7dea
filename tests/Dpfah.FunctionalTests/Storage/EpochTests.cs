using System.Net;
using Dpfah.Api.Search;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Storage;

/// <summary>A dump that is restored on another server carries transaction ids that mean nothing there.</summary>
public sealed class EpochTests_Postgres(PostgresServer server)
{
    [Fact]
    public async Task A_restored_dump_begins_a_new_epoch()
    {
        using TestDatabase database = await PostgresTestDatabase.CreateAsync(server);
        string before;
        await using (RunningService first = await RunningService.StartAsync(database))
        {
            await first.Client.PutAsync("default", "a", Pictures.Png(1), ["dog"]);
            await first.Client.DeleteAsync("/collections/default/images/a");
            await first.Client.PutAsync("default", "b", Pictures.Png(2), ["dog"]);
            before = (await first.Client.AddAsync("default", "c", Pictures.Png(3))).Position!;
        }

        // As the dump of a server that is far ahead: its identifier is another, and so are its ids.
        Assert.Equal(1, await database.ExecuteAsync("UPDATE database_info SET system_identifier = '4711'"));
        Assert.True(await database.ExecuteAsync("UPDATE changes SET xid = '4611686018427387904'::xid8") > 0);

        await using (RunningService restored = await RunningService.StartAsync(database))
        {
            Assert.Equal(0, await database.ReadAsync<long>("SELECT count(*) FROM changes"));
            Assert.StartsWith("1:", before, StringComparison.Ordinal);
            (await restored.Client.SearchAsync(Pictures.Png(2), $"?minPosition={before}")).ReadProblem(HttpStatusCode.Conflict, "other-epoch");

            string after = (await restored.Client.AddAsync("default", "d", Pictures.Png(4))).Position!;
            Assert.StartsWith("2:", after, StringComparison.Ordinal);
            SearchResponse found = await restored.Client.FindAsync(Pictures.Png(2), $"?minPosition={after}");
            Assert.Equal("b", found.Hits[0].Id);
            Assert.Equal(["b", "c", "d"], found.Hits.Select(hit => hit.Id).Order());
        }

        // The folded log and the rows since then still give the digest; a start on the same server is no new epoch.
        await using RunningService again = await RunningService.StartAsync(database);
        Assert.StartsWith("2:", (await again.Client.FindAsync(Pictures.Png(2))).Position, StringComparison.Ordinal);
    }
}
