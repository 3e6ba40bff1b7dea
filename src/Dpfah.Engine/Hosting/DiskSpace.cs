using Microsoft.Data.Sqlite;
using Npgsql;
using SQLitePCL;

namespace Dpfah.Engine.Hosting;

/// <summary>Tells a full disk from other failures, whichever program met it: this one, SQLite in it, or the PostgreSQL server.</summary>
public static class DiskSpace
{
    private const int NoSpace = 28; // ENOSPC

    /// <summary>Whether a disk was full.</summary>
    /// <param name="error">The failure, or one that it led to.</param>
    public static bool IsFull(Exception error) => error.GetBaseException() switch
    {
        PostgresException postgres => postgres.SqlState == PostgresErrorCodes.DiskFull,
        SqliteException sqlite => sqlite.SqliteErrorCode == raw.SQLITE_FULL,
        IOException io => (io.HResult & 0xFFFF) == NoSpace,
        _ => false,
    };
}
