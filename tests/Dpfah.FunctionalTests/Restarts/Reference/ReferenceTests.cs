using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Restarts.Reference;

/// <summary>
/// Clients that do whatever can be done to a collection, at random and each to its own, while the service and its database are killed and
/// started again: every answer is the one that a list would give.
/// </summary>
public abstract class ReferenceTests
{
    private const int Clients = 6;

    // One in each so many operations.
    private static readonly int OperationsADisturbance = LongForm.Choose(1_000, 2_500);
    private static readonly int Operations = LongForm.Choose(2_500, 100_000);

    /// <summary>What happens to the service, by turns.</summary>
    private protected abstract Disturbance[] Disturbances { get; }

    /// <summary>The database's server, which crashes too; null for a file.</summary>
    protected virtual PostgresCluster? Server => null;

    protected abstract Task<TestDatabase> CreateDatabaseAsync();

    [Fact]
    [Trait(LongForm.Trait, "model")]
    public async Task Every_answer_is_that_of_the_reference_over_kills_and_restarts()
    {
        int seed = LongForm.Seed();
        using TestDatabase database = await CreateDatabaseAsync();
        await using (RunningService first = await RunningService.StartAsync(database))
        {
            await first.AddModelAsync(KnownPictures.Models[1]);
        }

        await using var lives = new ServiceLives(database, Server);
        await lives.StartAsync();
        var pictures = new KnownPictures();
        int done = 0;
        using var stop = new CancellationTokenSource();
        async Task RunAsync(int number)
        {
            RecordedClient client = await RecordedClient.CreateAsync(lives, pictures, $"seed {seed}, client {number}");
            var source = new OperationSource((seed * Clients) + number);
            try
            {
                while (!stop.IsCancellationRequested && Interlocked.Increment(ref done) <= Operations)
                {
                    await client.RunAsync(source.Next(client.State));
                }

                await client.RunAsync(new Operation(OperationKind.List, K: 500));
            }
            catch
            {
                await stop.CancelAsync();
                throw;
            }
        }

        Task[] clients = [.. Enumerable.Range(0, Clients).Select(number => Task.Run(() => RunAsync(number)))];
        int disturbed = 0;
        while (disturbed < (Operations / OperationsADisturbance) && !stop.IsCancellationRequested)
        {
            await Eventually.BecomesAsync(
                () => Task.FromResult(Volatile.Read(ref done)),
                count => count >= (disturbed + 1) * OperationsADisturbance || stop.IsCancellationRequested,
                patience: TimeSpan.FromMinutes(5));
            await lives.DisturbAsync(Disturbances[disturbed % Disturbances.Length]);
            disturbed++;
        }

        await Task.WhenAll(clients);
        LongForm.Record(
            $"reference, {database.Provider}",
            $"{Operations:N0} operations of {Clients} clients over {disturbed} disturbances ({string.Join(", ", Disturbances)} by turns), seed {seed}: every answer that of the reference");
        Counts.Report($"model-{database.Provider}", Operations, LongForm.Choose(2_500, 100_000));
    }
}

public sealed class ReferenceTests_Postgres(OwnCluster own) : ReferenceTests, IClassFixture<OwnCluster>
{
    private protected override Disturbance[] Disturbances { get; } =
        [Disturbance.CrashOfBoth, Disturbance.DatabaseCrash, Disturbance.Kill, Disturbance.DatabaseCrash, Disturbance.Stop];

    protected override PostgresCluster? Server => own.Cluster;

    protected override Task<TestDatabase> CreateDatabaseAsync() => own.CreateDatabaseAsync();
}

public sealed class ReferenceTests_Sqlite : ReferenceTests
{
    private protected override Disturbance[] Disturbances { get; } = [Disturbance.Kill, Disturbance.Stop];

    protected override Task<TestDatabase> CreateDatabaseAsync() => Task.FromResult<TestDatabase>(new SqliteTestDatabase());
}
