using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Core.Indexing;
using Dpfah.Engine.Blobs;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Evaluations;

/// <summary>
/// The codes of a collection's pictures under any model: those of the index where it is the active one, those of the database where a complete
/// generation has it, and else hashed from the previews.
/// </summary>
internal sealed class EvaluatedCodes(Database database, EncoderPool encoders, BlobStore blobs)
{
    private const int PicturesAtOnce = 64;
    private const int RowsAtOnce = 500;
    private const int HashedBetweenCheckpoints = 1_000;

    /// <summary>Finds the codes, or makes them.</summary>
    /// <param name="run">The job: told of progress, and keeps what was hashed.</param>
    /// <param name="index">The collection.</param>
    /// <param name="model">The model.</param>
    /// <param name="pictures">The pictures.</param>
    /// <param name="cancellationToken">Stops between some pictures.</param>
    /// <returns>Codes by item number, without those of pictures that were deleted meanwhile; and how many were hashed for it.</returns>
    public async Task<(Dictionary<long, ItemCode> Codes, int Hashed)> ReadAsync(
        JobRun run, CollectionIndex index, ModelInfo model, IReadOnlyList<EvaluatedPicture> pictures, CancellationToken cancellationToken)
    {
        if (index.Generation.ModelId == model.Id)
        {
            return (OfIndex(index.Snapshot, pictures), 0);
        }

        int generation = await database.ReadAsync(
            (context, token) => context.Generations
                .Where(g => g.CollectionId == index.CollectionId && g.ModelId == model.Id && (g.State == GenerationState.Active || g.State == GenerationState.Ready))
                .OrderByDescending(g => g.Id).Select(g => g.Id).FirstOrDefaultAsync(token),
            cancellationToken);
        return generation != 0
            ? (await OfGenerationAsync(generation, pictures, cancellationToken), 0)
            : await HashAsync(run, model, pictures, cancellationToken);
    }

    private static Dictionary<long, ItemCode> OfIndex(IndexSnapshot<IndexedItem> snapshot, IReadOnlyList<EvaluatedPicture> pictures)
    {
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

    private async Task<Dictionary<long, ItemCode>> OfGenerationAsync(
        int generation, IReadOnlyList<EvaluatedPicture> pictures, CancellationToken cancellationToken)
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

    private async Task<(Dictionary<long, ItemCode> Codes, int Hashed)> HashAsync(
        JobRun run, ModelInfo model, IReadOnlyList<EvaluatedPicture> pictures, CancellationToken cancellationToken)
    {
        const string Stage = "hashing pictures";
        await run.ReportAsync(progress => progress.SetStage("loading the model"), cancellationToken);
        IImageEncoder encoder = await encoders.GetAsync(model.Id, cancellationToken);
        var chosen = pictures.Select(picture => picture.Number).ToHashSet();
        HashedCodes hashed = await HashedCodes.ReadAsync(blobs, run.ReadCheckpoint<EvaluationCheckpoint>(), model.Description.Bits, cancellationToken);
        int before = hashed.Codes.Count;
        foreach (EvaluatedPicture[] some in pictures.Where(picture => !hashed.Codes.ContainsKey(picture.Number)).Chunk(PicturesAtOnce))
        {
            long[] numbers = [.. some.Select(picture => picture.Number)];
            List<StoredPreview> previews = await database.ReadAsync(
                (context, token) => context.Previews.Where(p => numbers.Contains(p.ItemNumber)).ToListAsync(token), cancellationToken);
            ImageCode[] made = await Task.WhenAll(previews.Select(p => encoder.EncodeAsync(p.Jpeg, EncodePriority.Background, cancellationToken)));
            for (int i = 0; i < made.Length; i++)
            {
                hashed.Codes[previews[i].ItemNumber] = new ItemCode(made[i].Code, made[i].Signature);
            }

            if (hashed.Codes.Count - before >= HashedBetweenCheckpoints)
            {
                before = hashed.Codes.Count;
                await hashed.WriteAsync(blobs, run, cancellationToken);
            }

            await run.ReportAsync(progress => progress.SetStage(Stage, hashed.Codes.Count, pictures.Count), cancellationToken);
        }

        Dictionary<long, ItemCode> codes = hashed.Codes.Where(code => chosen.Contains(code.Key)).ToDictionary();
        return (codes, codes.Count);
    }
}

/// <summary>What a model says of a picture.</summary>
/// <param name="Code">Its code.</param>
/// <param name="Signature">Its fine code.</param>
internal readonly record struct ItemCode(BinaryCode Code, BinaryCode Signature);
