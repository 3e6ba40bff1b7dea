using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Blobs;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Models;

namespace Dpfah.Engine.Evaluations;

/// <summary>Hashes previews by any model, behind the queries of searches, and keeps what was made for whoever takes the job over.</summary>
internal sealed class PreviewHashing(EncoderPool encoders, BlobStore blobs)
{
    private const string Stage = "hashing pictures";
    private const int PicturesAtOnce = 64;
    private const int HashedBetweenCheckpoints = 1_000;

    /// <summary>Hashes pictures, but for those of an earlier turn of the job.</summary>
    /// <param name="run">The job.</param>
    /// <param name="model">The model.</param>
    /// <param name="numbers">The pictures.</param>
    /// <param name="readPreviews">Reads the previews of some of them; those that are gone are left out.</param>
    /// <param name="cancellationToken">Stops between some pictures.</param>
    /// <returns>The codes, and how many there are.</returns>
    public async Task<(Dictionary<long, ItemCode> Codes, int Hashed)> HashAsync(
        JobRun run,
        ModelInfo model,
        IReadOnlyCollection<long> numbers,
        Func<IReadOnlyCollection<long>, CancellationToken, Task<Dictionary<long, byte[]>>> readPreviews,
        CancellationToken cancellationToken)
    {
        await run.ReportAsync(progress => progress.SetStage("loading the model"), cancellationToken);
        await using EncoderUse use = await encoders.UseAsync(model.Id, cancellationToken);
        HashedCodes hashed = await HashedCodes.ReadAsync(blobs, run.ReadCheckpoint<EvaluationCheckpoint>(), model.Description.Bits, cancellationToken);
        int kept = hashed.Codes.Count;
        foreach (long[] some in numbers.Where(number => !hashed.Codes.ContainsKey(number)).Chunk(PicturesAtOnce))
        {
            KeyValuePair<long, byte[]>[] previews = [.. await readPreviews(some, cancellationToken)];
            ImageCode[] made = await Task.WhenAll(previews.Select(p => use.Encoder.EncodeAsync(p.Value, EncodePriority.Background, cancellationToken)));
            for (int i = 0; i < made.Length; i++)
            {
                hashed.Codes[previews[i].Key] = new ItemCode(made[i].Code, made[i].Signature);
            }

            if (hashed.Codes.Count - kept >= HashedBetweenCheckpoints)
            {
                kept = hashed.Codes.Count;
                await hashed.WriteAsync(blobs, run, cancellationToken);
            }

            await run.ReportAsync(progress => progress.SetStage(Stage, hashed.Codes.Count, numbers.Count), cancellationToken);
        }

        var wanted = numbers.ToHashSet();
        Dictionary<long, ItemCode> codes = hashed.Codes.Where(code => wanted.Contains(code.Key)).ToDictionary();
        return (codes, codes.Count);
    }
}

/// <summary>What a model says of a picture.</summary>
/// <param name="Code">Its code.</param>
/// <param name="Signature">Its fine code.</param>
internal readonly record struct ItemCode(BinaryCode Code, BinaryCode Signature);
