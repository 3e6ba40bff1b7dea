using System.Buffers.Binary;

namespace Dpfah.Engine.Search;

/// <summary>Writes public ids one behind the other into pages: a string of its own for each would cost some thirty bytes more, and the collector's time.</summary>
internal sealed class PublicIdPages
{
    // Collections may be small and many. A page is freed when the last of its items is gone, so it is not made large either.
    private const int LeastPage = 1 << 10;
    private const int MostPage = 1 << 17;

    private byte[] page = [];
    private int end;

    /// <summary>Writes an id.</summary>
    /// <param name="id">UTF-8, at most 65,535 bytes.</param>
    /// <returns>The page, and where the id's length stands in it, as two bytes; the id follows.</returns>
    public (byte[] Page, int Place) Add(ReadOnlySpan<byte> id)
    {
        int length = sizeof(ushort) + id.Length;
        if (page.Length - end < length)
        {
            page = new byte[Math.Max(length, Math.Clamp(2 * page.Length, LeastPage, MostPage))];
            end = 0;
        }

        int place = end;
        BinaryPrimitives.WriteUInt16LittleEndian(page.AsSpan(place), checked((ushort)id.Length));
        id.CopyTo(page.AsSpan(place + sizeof(ushort)));
        end += length;
        return (page, place);
    }
}
