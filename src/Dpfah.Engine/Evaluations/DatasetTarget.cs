using Dpfah.Engine.Jobs;
using Dpfah.Engine.Models;

namespace Dpfah.Engine.Evaluations;

/// <summary>The queries of a data set against its database part.</summary>
internal sealed class DatasetTarget(DatasetPictures dataset, int pictures, int queries, PreviewHashing hashing) : IEvaluationTarget
{
    /// <inheritdoc/>
    public string Words => $"the queries of {dataset.Title} against its database, by way of previews";

    /// <inheritdoc/>
    public IReadOnlyList<EvaluatedPicture> Database { get; } = EvaluatedPictures.Sample(dataset.Database, pictures);

    /// <inheritdoc/>
    public IReadOnlyList<EvaluatedPicture> Queries { get; } = EvaluatedPictures.Sample(dataset.Queries, queries);

    /// <inheritdoc/>
    public bool LeavesOneOut => false;

    /// <inheritdoc/>
    public IReadOnlyList<string> Warnings => dataset.Warnings;

    /// <inheritdoc/>
    public Task<(Dictionary<long, ItemCode> Codes, int Hashed)> ReadCodesAsync(JobRun run, ModelInfo model, CancellationToken cancellationToken) =>
        hashing.HashAsync(run, model, [.. Queries.Concat(Database).Select(picture => picture.Number).Distinct()], ReadPreviewsAsync, cancellationToken);

    /// <inheritdoc/>
    public Task<Dictionary<long, byte[]>> ReadPreviewsAsync(IReadOnlyCollection<long> numbers, CancellationToken cancellationToken) => Task.Run(
        () => numbers.AsParallel().WithCancellation(cancellationToken).ToDictionary(number => number, dataset.MakePreview), cancellationToken);
}
