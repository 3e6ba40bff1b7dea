namespace Dpfah.Engine.Jobs.Parts;

/// <summary>A job that another node runs and of which it offers parts.</summary>
/// <param name="Id">The job's number.</param>
/// <param name="Fence">Its fence: a later run of the job is another one.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Request">What it was asked for.</param>
/// <param name="CollectionId">The collection that it is about; null for none.</param>
internal sealed record PartJob(long Id, long Fence, string Kind, string Request, int? CollectionId);

/// <summary>A part of another node's job that this node has taken.</summary>
/// <param name="Job">The job.</param>
/// <param name="Number">Number of the part.</param>
/// <param name="Input">What is to be computed.</param>
internal sealed record PartOrder(PartJob Job, long Number, string Input);
