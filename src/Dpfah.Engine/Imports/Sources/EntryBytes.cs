namespace Dpfah.Engine.Imports.Sources;

/// <summary>Reads the bytes of an archive's entry, whose size the archive may lie about.</summary>
internal static class EntryBytes
{
    private const int AtOnce = 64 << 10;

    /// <summary>Reads an entry.</summary>
    /// <param name="stream">The entry.</param>
    /// <param name="declared">Bytes that it should have; within the limits.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <returns>As many bytes; fewer where the entry ends before; one more where it goes on.</returns>
    public static async Task<byte[]> ReadAsync(Stream stream, long declared, CancellationToken cancellationToken)
    {
        // A size that is a lie costs no memory: what is kept grows with what is really there.
        var bytes = new byte[Math.Min(declared + 1, AtOnce)];
        int length = 0;
        while (length <= declared)
        {
            if (length == bytes.Length)
            {
                Array.Resize(ref bytes, (int)Math.Min(2L * bytes.Length, declared + 1));
            }

            int read = await stream.ReadAsync(bytes.AsMemory(length, Math.Min(AtOnce, bytes.Length - length)), cancellationToken);
            if (read == 0)
            {
                break;
            }

            length += read;
        }

        Array.Resize(ref bytes, length);
        return bytes;
    }
}
