using Dpfah.Engine.Jobs;

namespace Dpfah.Cli;

/// <summary>What came of an import.</summary>
/// <param name="JobId">Number of its job.</param>
/// <param name="State">How it ended.</param>
/// <param name="Counts">Entries.</param>
/// <param name="Deleted">Pictures that were deleted; with a dry run, that would be.</param>
/// <param name="Error">Why it failed; null when it did not.</param>
/// <param name="Rejections">The first rejected entries, with reasons.</param>
internal sealed record ImportOutcome(
    long JobId, JobState State, JobCounts Counts, long Deleted, string? Error, IReadOnlyList<(string Item, string Reason)> Rejections);
