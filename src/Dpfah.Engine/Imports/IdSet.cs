using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Dpfah.Engine.Imports;

/// <summary>Ids that were seen, as 128-bit digests: 32 bytes an id however long it is, so that a million of them stay small.</summary>
internal sealed class IdSet
{
    private readonly HashSet<UInt128> digests = [];

    /// <summary>Adds an id.</summary>
    /// <returns>False when it was there.</returns>
    public bool Add(string id) => digests.Add(DigestOf(id));

    /// <summary>Whether an id was added.</summary>
    public bool Contains(string id) => digests.Contains(DigestOf(id));

    private static UInt128 DigestOf(string id) => XxHash128.HashToUInt128(MemoryMarshal.AsBytes(id.AsSpan()));
}
