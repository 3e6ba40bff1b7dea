using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;

namespace Dpfah.Engine.Search;

/// <summary>Labels as they are stored, each text of bytes read once.</summary>
/// <param name="parse">Reads it.</param>
/// <param name="pool">Makes properties of them.</param>
internal sealed class StoredLabels(StoredLabels.Parser parse, PropertyPool pool)
{
    private const int Most = 65_536;

    private readonly Dictionary<byte[], Entry> known = new(new BytesComparer());

    /// <summary>Reads labels from the bytes that store them.</summary>
    public delegate string[] Parser(ReadOnlySpan<byte> stored);

    /// <summary>Properties of an item with these labels and no metadata, and what the labels add to its digest.</summary>
    public sealed record Entry(ItemProperties Properties, byte[] Digested);

    /// <summary>Finds the labels of stored bytes.</summary>
    public Entry Find(ReadOnlySpan<byte> stored)
    {
        Dictionary<byte[], Entry>.AlternateLookup<ReadOnlySpan<byte>> lookup = known.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (!lookup.TryGetValue(stored, out Entry? entry))
        {
            if (known.Count == Most)
            {
                known.Clear();
            }

            ItemProperties properties = pool.Get(parse(stored), null);
            lookup[stored] = entry = new Entry(properties, ItemDigest.BytesOf(properties.Labels));
        }

        return entry;
    }

    private sealed class BytesComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

        public int GetHashCode(ReadOnlySpan<byte> alternate) => (int)XxHash3.HashToUInt64(alternate);

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
