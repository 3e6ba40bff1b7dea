namespace Dpfah.Engine;

/// <summary>What an operator sets about storage.</summary>
public sealed class EngineOptions
{
    /// <summary>Name of the SQLite file in <see cref="DataFolder"/>.</summary>
    public const string SqliteFileName = "dpfah.db";

    /// <summary>Folder of the SQLite file and of the cached models. Default: <c>data</c> in the working directory.</summary>
    public string DataFolder { get; set; } = "data";

    /// <summary>Connection string of PostgreSQL; empty for SQLite in <see cref="DataFolder"/>.</summary>
    public string? PostgresConnectionString { get; set; }

    /// <summary>
    /// Only search: the database must have been made by a service. No schema is changed, no model or collection made, nothing
    /// trimmed. Default: false.
    /// </summary>
    public bool ReadOnly { get; set; }

    /// <summary>How long log rows are kept; a node that was away longer reloads its index. Default: one day.</summary>
    public TimeSpan LogRetention { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How long a search waits for the position that it names. Default: 5 s.</summary>
    public TimeSpan PositionTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often the change log is read when nothing was written here. Default: 0.2 s.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(200);
}
