namespace Dpfah.Learning.Datasets;

/// <summary>Sizes of the parts of a split, in pictures.</summary>
/// <param name="Query">Queries.</param>
/// <param name="Train">Training pictures.</param>
/// <param name="Database">Database pictures, with the training pictures where the protocol has them there.</param>
public sealed record SplitCounts(int Query, int Train, int Database)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Query} queries, {Train} training and {Database} database pictures";
}
