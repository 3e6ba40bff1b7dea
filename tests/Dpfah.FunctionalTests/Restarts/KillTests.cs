using System.Collections.Concurrent;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Restarts;

/// <summary>What was answered 201 is never lost, however the service ends.</summary>
public abstract class KillTests
{
    private const int Clients = 50;
    private const int Kills = 20;

    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Fact]
    public async Task Pictures_that_were_answered_201_are_found_after_each_kill()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        var random = new Random(1);
        var all = new ConcurrentDictionary<int, bool>();
        int next = 0;
        int survived = 0;
        for (int kill = 0; kill < Kills; kill++)
        {
            await using ServiceProcess service = HostProcess.Start(database);
            await service.WaitUntilReadyAsync();
            using var client = new ApiClient(service.BaseAddress);
            await AssertFoundAsync(client, all.Keys.TakeLast(40));

            // By turns with the very first answer, which is sent while little else is done, and amid many others.
            int answers = kill % 2 == 0 ? 1 : random.Next(2, 120);
            var uploads = new Uploads(client, () => Interlocked.Increment(ref next), Clients, answers);
            await uploads.Reached;
            await service.KillAsync();
            foreach (int number in await uploads.StopAsync())
            {
                Assert.True(all.TryAdd(number, true));
            }

            survived++;
        }

        await using ServiceProcess last = HostProcess.Start(database);
        await last.WaitUntilReadyAsync();
        using var reader = new ApiClient(last.BaseAddress);
        await AssertFoundAsync(reader, all.Keys);
        Assert.InRange((await reader.ListAsync("default")).Count, all.Count, next);
        Assert.True(all.Count >= Kills);
        Counts.Report($"kills-{database.Provider}", survived, Kills);
    }

    [Fact]
    public async Task A_stop_that_is_asked_for_answers_what_has_begun_and_ends_with_code_0()
    {
        using TestDatabase database = await CreateDatabaseAsync();
        IReadOnlyCollection<int> answered;
        await using (ServiceProcess service = HostProcess.Start(database))
        {
            await service.WaitUntilReadyAsync();
            using var client = new ApiClient(service.BaseAddress);
            var uploads = new Uploads(client, NumberSource(), Clients, 100);
            await uploads.Reached;

            Assert.Equal(0, await service.TerminateAsync());

            answered = await uploads.StopAsync();
            Assert.DoesNotContain("fail:", service.Log, StringComparison.Ordinal);
            Assert.DoesNotContain("Unhandled", service.Log, StringComparison.Ordinal);
        }

        await using ServiceProcess again = HostProcess.Start(database);
        await again.WaitUntilReadyAsync();
        using var reader = new ApiClient(again.BaseAddress);
        await AssertFoundAsync(reader, answered);
    }

    private static Func<int> NumberSource()
    {
        int next = 0;
        return () => Interlocked.Increment(ref next);
    }

    private static Task AssertFoundAsync(ApiClient client, IEnumerable<int> numbers) =>
        Parallel.ForEachAsync(numbers, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, _) =>
        {
            SearchResponse found = await client.FindAsync(Pictures.Png(number), "?k=1");
            Assert.Equal((Uploads.IdOf(number), 0, 0), (found.Hits[0].Id, found.Hits[0].Distance, found.Hits[0].FineDistance));
            ImageResponse read = (await client.GetAsync(ApiClient.ImagePath("default", Uploads.IdOf(number)))).Read<ImageResponse>();
            Assert.Equal(found.Query.Signature, read.Signature);
        });
}

public sealed class KillTests_Postgres(PostgresServer server) : KillTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => PostgresTestDatabase.CreateAsync(server);
}

public sealed class KillTests_Sqlite : KillTests
{
    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
