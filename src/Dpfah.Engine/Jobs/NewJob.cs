namespace Dpfah.Engine.Jobs;

/// <summary>A job to be queued.</summary>
/// <param name="Kind">What is to be done; names its <see cref="IJobHandler"/>.</param>
/// <param name="Lane">One of <see cref="JobLanes"/>.</param>
/// <param name="Request">What is asked for, with every default filled in: a JSON object.</param>
/// <param name="CreatedBy">Name of the key that asks; null without keys.</param>
/// <param name="CollectionId">The collection that it is about; null for none.</param>
/// <param name="CollectionName">That collection's name.</param>
internal sealed record NewJob(
    string Kind, string Lane, string Request, string? CreatedBy, int? CollectionId = null, string? CollectionName = null);
