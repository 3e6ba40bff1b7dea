using System.Collections.Frozen;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Data;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Dpfah.Engine.Hosting;

/// <summary>
/// Looks whether this process makes codes by the same decoder and arithmetic as those that are stored. When it does not,
/// it hashes some stored previews again and tells how many bits come out differently.
/// </summary>
internal sealed partial class IdentityCheck(Database database, EncoderPool encoders, IndexFollower follower, ILogger<IdentityCheck> logger)
{
    private const int Pictures = 100;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    /// <summary>Looks at all collections that were not looked at since their generation began to answer here.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (CollectionIndex collection in follower.Collections.Values.Where(collection => !collection.IsIdentityChecked))
        {
            await RunAsync(collection, cancellationToken);
            collection.IsIdentityChecked = true;
        }
    }

    /// <summary>Looks at each collection that is new, was switched to another generation or was loaded again, on whichever node that was asked for.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                FrozenDictionary<string, CollectionIndex> answering = follower.Collections;
                try
                {
                    await RunAsync(cancellationToken);
                }
                catch (Exception error) when (error is not OperationCanceledException)
                {
                    LogFailed(error.GetBaseException().Message);
                    await Task.Delay(RetryDelay, cancellationToken);
                    continue;
                }

                await follower.WaitForOthersAsync(answering, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The service stops, or loads all indexes again.
        }
    }

    private async Task RunAsync(CollectionIndex collection, CancellationToken cancellationToken)
    {
        GenerationInfo generation = collection.Generation;
        await using EncoderUse use = await encoders.UseAsync(generation.ModelId, cancellationToken);
        if (use.Encoder.Identity.Decoder == generation.Decoder && use.Encoder.Identity.Arithmetic == generation.Arithmetic)
        {
            return;
        }

        IdentityDrift drift = await MeasureAsync(collection, use.Encoder, cancellationToken);
        collection.Drift = drift;
        LogDrift(collection.Name, drift.Stored, drift.Running, drift.FlippedBits, drift.ComparedBits, drift.Pictures);
    }

    private async Task<IdentityDrift> MeasureAsync(CollectionIndex collection, IImageEncoder encoder, CancellationToken cancellationToken)
    {
        int collectionId = collection.CollectionId, generationId = collection.Generation.Id;
        var stored = await database.ReadAsync(
            (context, token) => context.Items
                .Where(i => i.CollectionId == collectionId)
                .Join(context.Codes.Where(c => c.GenerationId == generationId), i => i.Number, c => c.ItemNumber, (i, c) => c)
                .Join(context.Previews, c => c.ItemNumber, p => p.ItemNumber, (c, p) => new { c.ItemNumber, c.Code, p.Jpeg })
                .OrderBy(x => x.ItemNumber).Take(Pictures).ToListAsync(token),
            cancellationToken);
        long flipped = 0, compared = 0;
        foreach (var item in stored)
        {
            ImageCode now = await encoder.EncodeAsync(item.Jpeg, EncodePriority.Background, cancellationToken);
            flipped += now.Code.HammingDistance(BinaryCode.FromBytes(item.Code));
            compared += now.Code.Bits;
        }

        return new IdentityDrift(
            $"{collection.Generation.Decoder} {collection.Generation.Arithmetic}",
            $"{encoder.Identity.Decoder} {encoder.Identity.Arithmetic}",
            stored.Count,
            flipped,
            compared);
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The codes of collection '{Collection}' were made by {Stored}; this process makes them by {Running}. "
            + "{Flipped} of {Compared} bits differ on {Pictures} stored previews. Old and new codes are compared with that error until the collection is hashed anew.")]
    private partial void LogDrift(string collection, string stored, string running, long flipped, long compared, int pictures);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Whether stored codes are like those made now could not be looked at, trying again: {Reason}")]
    private partial void LogFailed(string reason);
}
