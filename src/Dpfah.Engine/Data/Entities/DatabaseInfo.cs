namespace Dpfah.Engine.Data.Entities;

/// <summary>The one row that describes the database itself.</summary>
internal sealed class DatabaseInfo
{
    public int Id { get; set; } = 1;

    /// <summary>Raised when the database was found on another server; positions of an older epoch mean nothing.</summary>
    public int Epoch { get; set; }

    /// <summary>Identifier of the database server's cluster, or of the SQLite file.</summary>
    public required string SystemIdentifier { get; set; }

    /// <summary>Log rows at positions below this one were trimmed; a follower behind it reloads.</summary>
    public long TrimmedBelow { get; set; }
}
