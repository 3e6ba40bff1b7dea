using Dpfah.Core.Indexing.Filters;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Data;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Search;
using Dpfah.Engine.Search.Shards;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Evaluations;

/// <summary>Opens what a model is to be measured on.</summary>
internal sealed class EvaluationTargets(
    Database database, IndexFollower follower, ImageReader images, PreviewHashing hashing, SeenPictures seen, IDatasetReader? datasets = null)
{
    private const int RowsAtOnce = 500;

    /// <summary>Opens the target of a job.</summary>
    /// <exception cref="JobFailedException">It is not there any more, or cannot be read.</exception>
    public async Task<IEvaluationTarget> OpenAsync(JobRun run, EvaluationRequest request, int modelId, CancellationToken cancellationToken)
    {
        if (request.Dataset is { } dataset)
        {
            try
            {
                return new DatasetTarget(await OpenAsync(dataset, request.Path, request.Split, cancellationToken), request.Pictures, request.Queries, hashing);
            }
            catch (InvalidDataException error)
            {
                throw new JobFailedException(error.Message, error);
            }
        }

        // The index, once it has seen all that was there when the job began.
        ulong position = await database.ReadAsync((context, token) => database.VisiblePositionAsync(context, token), cancellationToken);
        if (!await follower.WaitAsync(position, cancellationToken))
        {
            throw new TimeoutException("The index has not seen all of the collection yet: a long transaction on the database server may hold it back.");
        }

        if (follower.Find(run.CollectionName!) is not { } index || index.CollectionId != run.CollectionId)
        {
            throw new JobFailedException($"The collection '{run.CollectionName}' was deleted.");
        }

        if (index.Layout is not null)
        {
            throw new JobFailedException(new ShardedCollectionException(index.Name).Message);
        }

        SearchFilter? filter = null;
        if (request.Filter is not null && SearchFilter.TryParse(request.Filter, out filter) is { } wrong)
        {
            throw new JobFailedException(wrong);
        }

        List<EvaluatedPicture> pictures = await ChooseAsync(index, filter, request.Pictures, cancellationToken);
        (HashSet<string> digests, IReadOnlyList<string> unknown) = await seen.OfAsync(modelId, cancellationToken);
        return new CollectionTarget(
            database, index, pictures, await TrainedAsync(pictures, digests, cancellationToken), unknown, request.Queries, hashing);
    }

    /// <summary>Numbers of the pictures whose bytes have one of these digests.</summary>
    private async Task<HashSet<long>> TrainedAsync(List<EvaluatedPicture> pictures, HashSet<string> digests, CancellationToken cancellationToken)
    {
        HashSet<long> numbers = [];
        foreach (EvaluatedPicture[] some in digests.Count == 0 ? [] : pictures.Chunk(RowsAtOnce))
        {
            long[] asked = [.. some.Select(picture => picture.Number)];
            var rows = await database.ReadAsync(
                (context, token) => context.Items.Where(i => asked.Contains(i.Number)).Select(i => new { i.Number, i.ContentDigest }).ToListAsync(token),
                cancellationToken);
            numbers.UnionWith(rows.Where(row => digests.Contains(Convert.ToHexStringLower(row.ContentDigest))).Select(row => row.Number));
        }

        return numbers;
    }

    /// <summary>Opens a data set.</summary>
    /// <exception cref="InvalidDataException">It is not known, not there or damaged; the message is for the caller.</exception>
    public Task<DatasetPictures> OpenAsync(string dataset, string? path, DatasetSplit? split, CancellationToken cancellationToken) => Task.Run(
        () => (datasets ?? throw new InvalidDataException("This program reads no data sets.")).Open(dataset, path, split), cancellationToken)
        .WaitAsync(cancellationToken); // A folder of many files is not waited for when the job is to end.

    /// <summary>The labelled pictures of a collection that a model is measured on.</summary>
    public async Task<List<EvaluatedPicture>> ChooseAsync(CollectionIndex index, SearchFilter? filter, int most, CancellationToken cancellationToken)
    {
        ItemFilter? condition = filter is null ? null : await filter.ResolveAsync(images, [index.CollectionId], cancellationToken);
        return EvaluatedPictures.Choose(index.Snapshot, condition, most, cancellationToken);
    }
}
