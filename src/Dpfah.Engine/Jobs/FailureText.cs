using Microsoft.Data.Sqlite;
using Npgsql;
using SQLitePCL;

namespace Dpfah.Engine.Jobs;

/// <summary>Says what went wrong in a job, in words for the person who started it.</summary>
internal static class FailureText
{
    private const int NoSpace = 28; // ENOSPC

    /// <summary>A sentence.</summary>
    public static string Of(Exception error) => IsDiskFull(error)
        ? $"The disk is full: free some space and start the job again; what was done stays. ({error.GetBaseException().Message.TrimEnd('.')})"
        : error.GetBaseException().Message;

    /// <summary>Whether trying again soon would only fail again.</summary>
    public static bool IsFinal(Exception error) => IsDiskFull(error);

    private static bool IsDiskFull(Exception error) => error.GetBaseException() switch
    {
        PostgresException postgres => postgres.SqlState == PostgresErrorCodes.DiskFull,
        SqliteException sqlite => sqlite.SqliteErrorCode == raw.SQLITE_FULL,
        IOException io => (io.HResult & 0xFFFF) == NoSpace,
        _ => false,
    };
}
