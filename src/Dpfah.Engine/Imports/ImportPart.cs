using System.Security.Cryptography;
using System.Text.Json;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Jobs.Parts;

namespace Dpfah.Engine.Imports;

/// <summary>Entries of an upload that another node may prepare.</summary>
/// <param name="First">Number of the first entry, from 0.</param>
/// <param name="Count">How many they are.</param>
/// <param name="Makers">By what the codes are made that are wanted; none with a dry run.</param>
internal sealed record ImportPart(long First, int Count, CodeMaker[] Makers);

/// <summary>An entry as another node has prepared it.</summary>
/// <param name="Digest">SHA-256 of the picture as it was uploaded first; empty when there are no bytes to tell it of.</param>
/// <param name="Rejection">Why it cannot be indexed.</param>
/// <param name="Preview">The preview; null where none is needed.</param>
/// <param name="Codes">The codes, by the numbers of the models.</param>
internal sealed record ImportPartEntry(byte[] Digest, EntryRejection? Rejection, Preview? Preview, Dictionary<int, ImportPartCode> Codes)
{
    /// <summary>What is sent of an entry.</summary>
    public static ImportPartEntry Of(PreparedEntry entry) => new(
        entry.Digest,
        entry.Rejection,
        entry.Preview,
        entry.Codes.ToDictionary(code => code.Key, code => new ImportPartCode(code.Value.Code.ToBytes(), code.Value.Signature.ToBytes())));

    /// <summary>Takes entries that another node has prepared.</summary>
    /// <param name="entries">The entries, not prepared.</param>
    /// <param name="output">What the other node has sent.</param>
    /// <returns>
    /// Those that are not prepared even so: those that only that node may have had to refuse, and all of them when what it has sent is not of these entries.
    /// </returns>
    public static PreparedEntry[] Adopt(PreparedEntry[] entries, byte[] output)
    {
        ImportPartEntry[]? all;
        try
        {
            all = JsonSerializer.Deserialize<ImportPartEntry[]>(output, JobJson.Options);
        }
        catch (JsonException)
        {
            return entries;
        }

        if (all?.Length != entries.Length || !entries.Zip(all).All(pair => IsOf(pair.First, pair.Second)))
        {
            return entries;
        }

        var left = new List<PreparedEntry>();
        foreach ((PreparedEntry entry, ImportPartEntry prepared) in entries.Zip(all).Where(pair => pair.First.Rejection is null))
        {
            if (prepared.Rejection is { } rejection && !RejectionCodes.FollowsFromBytes(rejection.Code))
            {
                left.Add(entry);
                continue;
            }

            (entry.Digest, entry.Rejection, entry.Preview) = (prepared.Digest, prepared.Rejection, prepared.Preview);
            foreach ((int model, ImportPartCode code) in prepared.Codes)
            {
                // What is stored of a code are its bits.
                entry.Codes[model] = new ImageCode(BinaryCode.FromBytes(code.Code), BinaryCode.FromBytes(code.Signature), default);
            }

            if (entry.Preview is not null || entry.Entry.Url is not null)
            {
                entry.Bytes = null;
            }
        }

        return [.. left];
    }

    /// <summary>Whether the other node has read the same bytes; what is fetched it alone has read.</summary>
    private static bool IsOf(PreparedEntry entry, ImportPartEntry prepared) =>
        entry.Rejection is not null || entry.Bytes is null
        || prepared.Digest.AsSpan().SequenceEqual(entry.Entry.Preview?.ContentDigest ?? SHA256.HashData(entry.Bytes));
}

/// <summary>A code.</summary>
/// <param name="Code">Its bits.</param>
/// <param name="Signature">The bits of the signature.</param>
internal sealed record ImportPartCode(byte[] Code, byte[] Signature);
