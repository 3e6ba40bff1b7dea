using System.Diagnostics;
using System.Security.Cryptography;
using Dpfah.Core.Training;
using Dpfah.Engine.Blobs;
using Dpfah.Engine.Data;
using Dpfah.Engine.Jobs;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Training;

/// <summary>Writes the pictures of a collection into the folder of a training.</summary>
internal sealed class TrainingPictures(Database database, BlobStore blobs)
{
    private const int PicturesAtOnce = 100;
    private const string Stage = "writing pictures";
    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(1);

    /// <summary>Writes pictures and their manifest, for the first time.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="items">The pictures.</param>
    /// <param name="parts">What each is used for.</param>
    /// <param name="run">Told of progress.</param>
    /// <param name="cancellationToken">Stops between some pictures.</param>
    /// <remarks>A picture that is deleted meanwhile is left out.</remarks>
    public async Task WriteAsync(string folder, IReadOnlyList<TrainingItem> items, CollectionPart[] parts, JobRun run, CancellationToken cancellationToken)
    {
        await using FileStream previews = File.Create(Path.Combine(folder, CollectionItem.PreviewsFileName));
        await using StreamWriter manifest = File.CreateText(Path.Combine(folder, CollectionItem.FileName));
        manifest.NewLine = "\n";
        var clock = new Progress(run, items.Count);
        await clock.TellAsync(0, cancellationToken);
        foreach ((int Index, TrainingItem Item)[] some in items.Index().Chunk(PicturesAtOnce))
        {
            long[] numbers = [.. some.Select(s => s.Item.Number)];
            Dictionary<long, byte[]> jpegs = await database.ReadAsync(
                (context, token) => context.Previews.Where(p => numbers.Contains(p.ItemNumber)).ToDictionaryAsync(p => p.ItemNumber, p => p.Jpeg, token),
                cancellationToken);
            foreach ((int index, TrainingItem item) in some)
            {
                if (jpegs.TryGetValue(item.Number, out byte[]? jpeg))
                {
                    var line = new CollectionItem(item.Id, item.Labels, Convert.ToHexStringLower(item.Digest), parts[index], previews.Position, jpeg.Length);
                    await manifest.WriteLineAsync(line.ToJson().AsMemory(), cancellationToken);
                    await previews.WriteAsync(jpeg, cancellationToken);
                }
            }

            await clock.TellAsync(some[^1].Index + 1, cancellationToken);
        }
    }

    /// <summary>Writes the pictures of a manifest that was frozen before.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="manifestBlob">The manifest.</param>
    /// <param name="collectionId">The collection.</param>
    /// <param name="run">Told of progress.</param>
    /// <param name="cancellationToken">Stops between some pictures.</param>
    /// <returns>Whether all are there as they were; otherwise the folder is of no use.</returns>
    public async Task<bool> WriteAsync(string folder, long manifestBlob, int collectionId, JobRun run, CancellationToken cancellationToken)
    {
        string path = Path.Combine(folder, CollectionItem.FileName);
        await using (Stream stored = await blobs.OpenReadAsync(manifestBlob, cancellationToken))
        await using (FileStream copy = File.Create(path))
        {
            await stored.CopyToAsync(copy, cancellationToken);
        }

        var items = new List<CollectionItem>();
        await foreach (string line in File.ReadLinesAsync(path, cancellationToken))
        {
            items.Add(CollectionItem.FromJson(line));
        }

        await using FileStream previews = File.Create(Path.Combine(folder, CollectionItem.PreviewsFileName));
        var clock = new Progress(run, items.Count);
        await clock.TellAsync(0, cancellationToken);
        foreach ((int Index, CollectionItem Item)[] some in items.Index().Chunk(PicturesAtOnce))
        {
            string[] ids = [.. some.Select(s => s.Item.Id)];
            var rows = await database.ReadAsync(
                (context, token) => context.Items.Where(i => i.CollectionId == collectionId && ids.Contains(i.PublicId))
                    .Join(context.Previews, i => i.Number, p => p.ItemNumber, (i, p) => new { i.PublicId, i.ContentDigest, p.Jpeg })
                    .ToDictionaryAsync(row => row.PublicId, StringComparer.Ordinal, token),
                cancellationToken);
            foreach ((_, CollectionItem item) in some)
            {
                if (!rows.TryGetValue(item.Id, out var row) || Convert.ToHexStringLower(row.ContentDigest) != item.Digest
                    || row.Jpeg.Length != item.Length || previews.Position != item.Offset)
                {
                    return false;
                }

                await previews.WriteAsync(row.Jpeg, cancellationToken);
            }

            await clock.TellAsync(some[^1].Index + 1, cancellationToken);
        }

        return true;
    }

    /// <summary>SHA-256 of the manifest in a folder, lower-case hex.</summary>
    public static string DigestOf(string folder)
    {
        using FileStream manifest = File.OpenRead(Path.Combine(folder, CollectionItem.FileName));
        return Convert.ToHexStringLower(SHA256.HashData(manifest));
    }

    private sealed class Progress(JobRun run, int total)
    {
        private long told;

        public async Task TellAsync(int done, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (told == 0 || done == total || Stopwatch.GetElapsedTime(told) >= TellEvery)
            {
                told = Stopwatch.GetTimestamp();
                await run.ReportAsync(progress => progress.SetStage(Stage, done, total), cancellationToken);
            }
        }
    }
}
