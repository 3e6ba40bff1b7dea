using Dpfah.Core.Codes;
using Dpfah.Core.Indexing;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Evaluations;

/// <summary>
/// Labelled pictures of a collection, each that the model was not trained on against all others. Their codes are those of the index where the model is the active one, those of
/// the database where a complete generation has it, and else made from the previews.
/// </summary>
internal sealed class CollectionTarget(
    Database database,
    CollectionIndex index,
    List<EvaluatedPicture> pictures,
    HashSet<long> trained,
    IReadOnlyList<string> unknownTraining,
    int queries,
    PreviewHashing hashing) : IEvaluationTarget
{
    private const int RowsAtOnce = 500;

    /// <inheritdoc/>
    public string Words => $"the labelled pictures of collection '{index.Name}', each against all others";

    /// <inheritdoc/>
    public IReadOnlyList<EvaluatedPicture> Database => pictures;

    /// <inheritdoc/>
    public IReadOnlyList<EvaluatedPicture> Queries { get; } = EvaluatedPictures.Sample(
        pictures.Count > trained.Count ? pictures.FindAll(picture => !trained.Contains(picture.Number)) : pictures, queries);

    /// <inheritdoc/>
    public bool LeavesOneOut => true;

    /// <inheritdoc/>
    public IReadOnlyList<string> Warnings =>
    [
        .. trained.Count == 0 ? (string[])[]
            : trained.Count < pictures.Count
                ? [$"The model was trained on {trained.Count:N0} of the {pictures.Count:N0} pictures: they are searched in, and not searched for."]
                : ["The model was trained on all of these pictures, so that the figures flatter it."],
        .. SeenPictures.ReserveOf(unknownTraining) is { } reserve ? (string[])[reserve] : [],
    ];

    /// <inheritdoc/>
    public async Task<(Dictionary<long, ItemCode> Codes, int Hashed)> ReadCodesAsync(JobRun run, ModelInfo model, CancellationToken cancellationToken)
    {
        if (index.Generation.ModelId == model.Id)
        {
            return (OfIndex(), 0);
        }

        int generation = await database.ReadAsync(
            (context, token) => context.Generations
                .Where(g => g.CollectionId == index.CollectionId && g.ModelId == model.Id && (g.State == GenerationState.Active || g.State == GenerationState.Ready))
                .OrderByDescending(g => g.Id).Select(g => g.Id).FirstOrDefaultAsync(token),
            cancellationToken);
        return generation != 0
            ? (await OfGenerationAsync(generation, cancellationToken), 0)
            : await hashing.HashAsync(run, model, [.. pictures.Select(picture => picture.Number)], ReadPreviewsAsync, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<Dictionary<long, byte[]>> ReadPreviewsAsync(IReadOnlyCollection<long> numbers, CancellationToken cancellationToken) => database.ReadAsync(
        (context, token) => context.Previews.Where(p => numbers.Contains(p.ItemNumber)).ToDictionaryAsync(p => p.ItemNumber, p => p.Jpeg, token),
        cancellationToken);

    private Dictionary<long, ItemCode> OfIndex()
    {
        IndexSnapshot<IndexedItem> snapshot = index.Snapshot;
        var codes = new Dictionary<long, ItemCode>(pictures.Count);
        foreach (EvaluatedPicture picture in pictures)
        {
            if (snapshot.TryGet(picture.Number, out IndexEntry<IndexedItem> entry))
            {
                codes.Add(picture.Number, new ItemCode(entry.Code, entry.Signature));
            }
        }

        return codes;
    }

    private async Task<Dictionary<long, ItemCode>> OfGenerationAsync(int generation, CancellationToken cancellationToken)
    {
        var codes = new Dictionary<long, ItemCode>(pictures.Count);
        foreach (EvaluatedPicture[] some in pictures.Chunk(RowsAtOnce))
        {
            long[] numbers = [.. some.Select(picture => picture.Number)];
            foreach (StoredCode code in await database.ReadAsync(
                (context, token) => context.Codes.Where(c => c.GenerationId == generation && numbers.Contains(c.ItemNumber)).ToListAsync(token),
                cancellationToken))
            {
                codes.Add(code.ItemNumber, new ItemCode(BinaryCode.FromBytes(code.Code), BinaryCode.FromBytes(code.Signature)));
            }
        }

        return codes;
    }
}
