using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Dpfah.Core.Codes;

namespace Dpfah.Engine.Search;

/// <summary>
/// Digest of what the index holds of an item. The digest of a generation is the XOR of its items' digests, so that it can
/// be kept in the log as one delta a row, and compared with the digest of what is in memory.
/// </summary>
internal static class ItemDigest
{
    public static long Of(long number, BinaryCode code, BinaryCode signature, IReadOnlyList<string> labels)
    {
        var hash = new XxHash3();
        hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<long>(ref number)));
        hash.Append(MemoryMarshal.AsBytes(code.Words));
        hash.Append(MemoryMarshal.AsBytes(signature.Words));
        foreach (string label in labels)
        {
            hash.Append(Encoding.UTF8.GetBytes(label));
            hash.Append([0]);
        }

        return (long)hash.GetCurrentHashAsUInt64();
    }
}
