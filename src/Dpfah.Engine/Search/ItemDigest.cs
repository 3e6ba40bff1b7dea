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
    private const int StackBytes = 512;

    public static long Of(long number, BinaryCode code, BinaryCode signature, IReadOnlyList<string> labels) =>
        Of(number, code.Words, signature.Words, BytesOf(labels));

    /// <summary>The same of an item's parts.</summary>
    /// <param name="number">Item number.</param>
    /// <param name="code">Words of the code.</param>
    /// <param name="signature">Words of the signature.</param>
    /// <param name="labels">What <see cref="BytesOf"/> gives.</param>
    public static long Of(long number, ReadOnlySpan<ulong> code, ReadOnlySpan<ulong> signature, ReadOnlySpan<byte> labels)
    {
        int length = sizeof(long) + (sizeof(ulong) * (code.Length + signature.Length)) + labels.Length;
        Span<byte> bytes = length <= StackBytes ? stackalloc byte[StackBytes] : new byte[length];
        MemoryMarshal.Write(bytes, number);
        Span<byte> rest = bytes[sizeof(long)..];
        MemoryMarshal.AsBytes(code).CopyTo(rest);
        rest = rest[(sizeof(ulong) * code.Length)..];
        MemoryMarshal.AsBytes(signature).CopyTo(rest);
        labels.CopyTo(rest[(sizeof(ulong) * signature.Length)..]);
        return (long)XxHash3.HashToUInt64(bytes[..length]);
    }

    /// <summary>What labels add to the digest: each in UTF-8, ended by a zero.</summary>
    public static byte[] BytesOf(IReadOnlyList<string> labels)
    {
        var bytes = new byte[labels.Sum(label => Encoding.UTF8.GetByteCount(label) + 1)];
        int end = 0;
        foreach (string label in labels)
        {
            end += Encoding.UTF8.GetBytes(label, bytes.AsSpan(end)) + 1;
        }

        return bytes;
    }
}
