using System.Buffers.Binary;
using System.Text;

namespace Dpfah.Core.Tests.Models;

/// <summary>Writes safetensors files by hand, sound and damaged ones.</summary>
internal static class SafetensorsBytes
{
    /// <summary>A file of a header, as it stands, and as many data bytes 0, 1, 2, …</summary>
    public static byte[] File(string header, int dataBytes) =>
        File(Encoding.UTF8.GetBytes(header), [.. Enumerable.Range(0, dataBytes).Select(i => (byte)i)]);

    public static byte[] File(byte[] header, byte[] data) => File((ulong)header.Length, header, data);

    public static byte[] File(ulong claimedLength, byte[] header, byte[] data)
    {
        var prefix = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, claimedLength);
        return [.. prefix, .. header, .. data];
    }
}
