using System.Net;
using Microsoft.AspNetCore.HttpOverrides;

namespace Dpfah.Api.Hosting;

/// <summary>Which peers are proxies, and what they are believed.</summary>
/// <remarks>From anybody else the headers are ignored: whoever could write them would choose his own address.</remarks>
internal sealed class ProxyRules
{
    private readonly List<IPAddress> addresses = [];
    private readonly List<System.Net.IPNetwork> networks = [];

    /// <summary>Reads the settings, which were checked.</summary>
    public ProxyRules(ServiceOptions options)
    {
        foreach (string proxy in options.Proxies)
        {
            if (IPAddress.TryParse(proxy, out IPAddress? address))
            {
                addresses.Add(address);
            }
            else
            {
                networks.Add(System.Net.IPNetwork.Parse(proxy));
            }
        }
    }

    /// <summary>Whether an address is a proxy's.</summary>
    public bool IsProxy(IPAddress? address)
    {
        IPAddress? plain = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
        return plain is not null && (addresses.Contains(plain) || networks.Exists(network => network.Contains(plain)));
    }

    /// <summary>Takes scheme, host and the caller's address from a proxy; through several, up to the first address that is none's.</summary>
    public void Use(IApplicationBuilder app)
    {
        if (addresses.Count + networks.Count == 0)
        {
            return;
        }

        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost,
            ForwardLimit = null,
        };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        addresses.ForEach(options.KnownProxies.Add);
        networks.ForEach(options.KnownIPNetworks.Add);
        app.UseForwardedHeaders(options);
    }
}
