using System.Data.Common;
using Dpfah.FunctionalTests.Hosting;
using Npgsql;

namespace Dpfah.FunctionalTests.Jobs;

/// <summary>A lock that the test holds on a PostgreSQL database, so that a job stays where it needs it.</summary>
/// <remarks>The strongest locks hold back the indexes of all databases of the server: they want a server of the test's own.</remarks>
internal sealed class HeldLock : IAsyncDisposable
{
    private readonly TestDatabase database;
    private readonly DbConnection connection;

    private HeldLock(TestDatabase database, DbConnection connection) => (this.database, this.connection) = (database, connection);

    /// <summary>Lets nobody write into a table.</summary>
    public static Task<HeldLock> OnWritesAsync(TestDatabase database, string table) => TakeAsync(database, $"LOCK TABLE {table} IN EXCLUSIVE MODE");

    /// <summary>Lets nobody read a table.</summary>
    public static Task<HeldLock> OnReadsAsync(TestDatabase database, string table) => TakeAsync(database, $"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");

    /// <summary>Takes what a statement locks.</summary>
    public static async Task<HeldLock> TakeAsync(TestDatabase database, string statement)
    {
        var held = new HeldLock(database, await database.OpenAsync());
        await using DbCommand command = held.connection.CreateCommand();
        command.CommandText = $"BEGIN; {statement}";
        await command.ExecuteNonQueryAsync();
        return held;
    }

    /// <summary>Waits until somebody wants the lock.</summary>
    public Task WaitUntilWantedAsync() => Eventually.BecomesAsync(CountWaitingAsync, count => count > 0);

    /// <summary>Asserts that nobody wants it any more.</summary>
    public async Task AssertUnwantedAsync() => Assert.Equal(0, await CountWaitingAsync());

    /// <summary>Lets go of it.</summary>
    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private Task<long> CountWaitingAsync() => database.ReadAsync<long>(
        $"SELECT count(*) FROM pg_stat_activity WHERE {((NpgsqlConnection)connection).ProcessID} = ANY (pg_blocking_pids(pid))");
}
