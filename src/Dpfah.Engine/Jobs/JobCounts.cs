namespace Dpfah.Engine.Jobs;

/// <summary>Items of a job. When it has ended well, accepted = indexed + unchanged + rejected.</summary>
/// <param name="Accepted">Items that were looked at.</param>
/// <param name="Indexed">Items that were stored, or done.</param>
/// <param name="Unchanged">Items that were there already.</param>
/// <param name="Rejected">Items that were refused, each with a reason.</param>
public readonly record struct JobCounts(long Accepted, long Indexed, long Unchanged, long Rejected);
