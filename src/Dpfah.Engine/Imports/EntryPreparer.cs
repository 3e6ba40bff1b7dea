using System.Security.Cryptography;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Imports.Fetching;

namespace Dpfah.Engine.Imports;

/// <summary>Computes of an entry what is to be written: digest, preview, codes. Called for many entries at once.</summary>
internal sealed class EntryPreparer(PictureEncoder pictures, PictureFetcher fetcher)
{
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
            (prepared.Bytes, prepared.Rejection) = await fetcher.FetchAsync(entry.Url, cancellationToken);
            if (prepared.Rejection is not null)
            {
                return;
            }
        }

        prepared.Digest = entry.Preview?.ContentDigest ?? SHA256.HashData(prepared.Bytes!);
        if (prepared.Known?.Digest.AsSpan().SequenceEqual(prepared.Digest) != true)
        {
            await CompleteAsync(prepared, dryRun ? [] : modelIds, cancellationToken);
        }
    }

    /// <summary>Makes the preview and those of the codes that are missing.</summary>
    public async Task CompleteAsync(PreparedEntry prepared, IReadOnlyList<int> modelIds, CancellationToken cancellationToken)
    {
        if (prepared.Preview is null)
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
                string code = origin is null ? RejectionCodes.Of(rejection) : RejectionCodes.NotAPreview;
                prepared.Rejection = new EntryRejection(code, made.Detail);
                return;
            }
        }

        foreach (int modelId in modelIds.Where(model => !prepared.Codes.ContainsKey(model)))
        {
            prepared.Codes[modelId] = await pictures.HashAsync(prepared.Preview!.Jpeg, modelId, EncodePriority.Background, cancellationToken);
        }
    }
}
