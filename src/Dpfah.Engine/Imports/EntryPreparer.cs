using System.Security.Cryptography;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Imports.Fetching;

namespace Dpfah.Engine.Imports;

/// <summary>Computes of an entry what is to be written: digest, preview, codes. Called for many entries at once.</summary>
internal sealed class EntryPreparer(PictureEncoder pictures, PictureFetcher fetcher) : IDisposable
{
    /// <summary>
    /// Entries of feeds that are fetched, or hold what was fetched until its preview is made, at once: 640 MiB of the largest pictures.
    /// Enough for all fetches at once and for previews on all cores beside them.
    /// </summary>
    private const int MostFetched = 32;

    private readonly SemaphoreSlim fetched = new(MostFetched);

    /// <summary>Prepares an entry as far as what the collection has makes it necessary.</summary>
    /// <param name="prepared">The entry.</param>
    /// <param name="modelIds">Models by which pictures are hashed.</param>
    /// <param name="dryRun">Whether it is only to be known if the picture would be accepted.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task PrepareAsync(PreparedEntry prepared, IReadOnlyList<int> modelIds, bool dryRun, CancellationToken cancellationToken)
    {
        ImportEntry entry = prepared.Entry;
        if (prepared.Rejection is not null)
        {
            return;
        }

        if (entry.Url is not null)
        {
            await FetchAsync(prepared, entry.Url, prepared.Known, cancellationToken);
        }
        else
        {
            prepared.Digest = entry.Preview?.ContentDigest ?? SHA256.HashData(prepared.Bytes!);
        }

        if (prepared.Rejection is null && !IsKnown(prepared, prepared.Known))
        {
            await CompleteAsync(prepared, dryRun ? [] : modelIds, cancellationToken);
        }
    }

    /// <summary>Makes the preview and those of the codes that are missing.</summary>
    public async Task CompleteAsync(PreparedEntry prepared, IReadOnlyList<int> modelIds, CancellationToken cancellationToken)
    {
        if (prepared.Preview is null)
        {
            await (prepared.Bytes is null && prepared.Entry.Url is { } url
                ? FetchAsync(prepared, url, known: null, cancellationToken)
                : PreviewAsync(prepared, cancellationToken));
            if (prepared.Rejection is not null)
            {
                return;
            }
        }

        foreach (int modelId in modelIds.Where(model => !prepared.Codes.ContainsKey(model)))
        {
            prepared.Codes[modelId] = await pictures.HashAsync(prepared.Preview!.Jpeg, modelId, EncodePriority.Background, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => fetched.Dispose();

    private static bool IsKnown(PreparedEntry prepared, KnownItem? known) => known?.Digest.AsSpan().SequenceEqual(prepared.Digest) == true;

    /// <summary>Fetches a picture, and makes its preview when it is not the known one; keeps no bytes.</summary>
    private async Task FetchAsync(PreparedEntry prepared, Uri url, KnownItem? known, CancellationToken cancellationToken)
    {
        await fetched.WaitAsync(cancellationToken);
        try
        {
            (prepared.Bytes, prepared.Rejection) = await fetcher.FetchAsync(url, cancellationToken);
            if (prepared.Rejection is not null)
            {
                return;
            }

            prepared.Digest = SHA256.HashData(prepared.Bytes!);
            if (!IsKnown(prepared, known))
            {
                await PreviewAsync(prepared, cancellationToken);
            }
        }
        finally
        {
            // Should the known picture be changed before the entry is written, it is fetched again: nobody counts bytes that wait here.
            prepared.Bytes = null;
            fetched.Release();
        }
    }

    private async Task PreviewAsync(PreparedEntry prepared, CancellationToken cancellationToken)
    {
        byte[] bytes = prepared.Bytes!;
        PreviewOrigin? origin = prepared.Entry.Preview;
        PreviewResult made = origin is null
            ? await pictures.PreviewInBackgroundAsync(bytes, cancellationToken)
            : await pictures.AdoptInBackgroundAsync(bytes, origin.Decoder, cancellationToken);
        prepared.Bytes = null;
        prepared.Preview = made.Preview;
        if (made.Rejection is { } rejection)
        {
            bool isNoPreview = origin is not null && rejection is not (ImageRejection.EndedDecoder or ImageRejection.TooSlow);
            string code = isNoPreview ? RejectionCodes.NotAPreview : RejectionCodes.Of(rejection);
            prepared.Rejection = new EntryRejection(code, made.Detail);
        }
    }
}
