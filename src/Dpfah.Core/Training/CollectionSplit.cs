using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Dpfah.Core.Training;

/// <summary>Cuts the pictures of a collection into what is trained on and what is kept from the training.</summary>
/// <remarks>
/// <para>
/// Each picture has a place by the SHA-256 of the seed and its own digest, so the same picture under two ids has one place. Per
/// label the pictures are put in the order of their places; the first become queries, the next database, then validation, and the
/// rest, at least two, is trained on. A picture of several labels counts for the rarest of them. Pictures without a label are
/// trained on only: nothing can be measured with them.
/// </para>
/// <para>
/// The place of a picture does not depend on the others, so a collection that grows and is split again keeps nearly all of its
/// queries, and a picture that was trained on does not become a query but for a very small label: a model and the one that it
/// was retrained from can be measured on the same queries.
/// </para>
/// </remarks>
public static class CollectionSplit
{
    /// <summary>Pictures of each label that are trained on at least: one alone has nothing that it is similar to.</summary>
    public const int LeastTraining = 2;

    /// <summary>The part of each picture.</summary>
    /// <param name="items">Labels and upload digest of each picture.</param>
    /// <param name="shares">What is kept from the training.</param>
    /// <param name="seed">Another seed gives another split.</param>
    public static CollectionPart[] Make(IReadOnlyList<(IReadOnlyList<string> Labels, byte[] Digest)> items, SplitShares shares, ulong seed)
    {
        if (shares.Fault() is string fault)
        {
            throw new ArgumentException(fault, nameof(shares));
        }

        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string label in items.SelectMany(item => item.Labels.Distinct(StringComparer.Ordinal)))
        {
            counts[label] = counts.GetValueOrDefault(label) + 1;
        }

        var parts = new CollectionPart[items.Count]; // Train
        IEnumerable<IGrouping<string, int>> strata = Enumerable.Range(0, items.Count)
            .Where(i => items[i].Labels.Count > 0)
            .GroupBy(i => items[i].Labels.MinBy(label => (counts[label], label), ByRarity)!, StringComparer.Ordinal);
        foreach (IGrouping<string, int> stratum in strata)
        {
            int[] members = [.. stratum.Select(i => (Place: PlaceOf(items[i].Digest, seed), Index: i)).Order().Select(m => m.Index)];
            int at = 0;
            foreach ((CollectionPart part, int count) in Counts(members.Length, shares))
            {
                foreach (int index in members.AsSpan(at, count))
                {
                    parts[index] = part;
                }

                at += count;
            }
        }

        return parts;
    }

    private static readonly Comparer<(int Count, string Label)> ByRarity = Comparer<(int Count, string Label)>.Create(
        (a, b) => a.Count != b.Count ? a.Count.CompareTo(b.Count) : string.CompareOrdinal(a.Label, b.Label));

    private static (CollectionPart Part, int Count)[] Counts(int members, SplitShares shares)
    {
        int free = Math.Max(0, members - LeastTraining);
        int query = Math.Min(free, Share(shares.Query));
        int database = Math.Min(free - query, Share(shares.Database));

        // Queries without anything to find are no use; with one picture free it is better trained on.
        if (database == 0 && shares.Database > 0)
        {
            query = 0;
        }

        int validation = Math.Min(free - query - database, Share(shares.Validation));
        return [(CollectionPart.Query, query), (CollectionPart.Database, database), (CollectionPart.Validation, validation)];

        int Share(double share) => (int)Math.Round(members * share, MidpointRounding.AwayFromZero);
    }

    private static ulong PlaceOf(byte[] digest, ulong seed)
    {
        Span<byte> key = stackalloc byte[8 + digest.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(key, seed);
        digest.CopyTo(key[8..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key, hash);
        return BinaryPrimitives.ReadUInt64BigEndian(hash);
    }
}
