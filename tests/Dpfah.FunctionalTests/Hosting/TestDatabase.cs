using System.Data.Common;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Hosting;

/// <summary>An empty database and a data folder for one service or several; deleted in the end.</summary>
public abstract class TestDatabase : IDisposable
{
    private readonly TemporaryFolder folder = new();

    /// <summary>The service's data folder.</summary>
    public string DataFolder => folder["data"];

    /// <summary>Name of the provider, as counts are reported: <c>postgres</c> or <c>sqlite</c>.</summary>
    public abstract string Provider { get; }

    /// <summary>What a service is started with to use this database.</summary>
    public virtual IReadOnlyList<string> Arguments => ["--Dpfah:DataFolder", DataFolder];

    /// <summary>Opens a connection of the test's own, behind the service's back.</summary>
    public abstract Task<DbConnection> OpenAsync();

    /// <summary>Executes a statement behind the service's back.</summary>
    /// <returns>Rows that it changed.</returns>
    public async Task<int> ExecuteAsync(string sql)
    {
        await using DbConnection connection = await OpenAsync();
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>Reads one value behind the service's back.</summary>
    public async Task<T> ReadAsync<T>(string sql)
    {
        await using DbConnection connection = await OpenAsync();
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return (T)Convert.ChangeType(await command.ExecuteScalarAsync() ?? throw new InvalidOperationException($"No row: {sql}"), typeof(T));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Deletes the data folder.</summary>
    protected virtual void Dispose(bool disposing) => folder.Dispose();
}
