namespace Dpfah.Engine.Data;

/// <summary>How far the change log can be read, and from where on positions may have been given a second time.</summary>
/// <param name="Position">No row can appear below this position any more, as long as the server does not crash.</param>
/// <param name="End">All that is committed by now lies below this position.</param>
/// <param name="Recovery">
/// Tells one start of the server from another; null when it is not known, or positions are never given twice. After a crash a server gives
/// the numbers again of transactions that had left nothing on disk.
/// </param>
/// <param name="RecoveredFrom">The first number that was given after that start.</param>
internal readonly record struct LogHorizon(ulong Position, ulong End, string? Recovery, ulong RecoveredFrom);
