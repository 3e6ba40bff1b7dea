using System.Net;
using System.Net.Sockets;

namespace Dpfah.Api.Http;

/// <summary>The address by which a caller without a key is told from others.</summary>
internal static class ClientAddress
{
    /// <summary>
    /// What counts together. A machine with IPv6 has a whole /64 to itself, and takes another address as it likes.
    /// </summary>
    /// <param name="address">The peer's address; null for a socket of this machine.</param>
    public static string Of(IPAddress? address)
    {
        if (address is null)
        {
            return "local";
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4().ToString();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6 || IPAddress.IsLoopback(address))
        {
            return address.ToString();
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes).ToString();
    }
}
