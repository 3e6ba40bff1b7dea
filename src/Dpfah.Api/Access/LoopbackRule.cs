using System.Net;

namespace Dpfah.Api.Access;

/// <summary>Without a key the service listens on this machine alone.</summary>
internal static class LoopbackRule
{
    /// <summary>The first configured address that others than this machine can reach; null when there is none.</summary>
    public static string? FindOpenAddress(IConfiguration configuration)
    {
        IEnumerable<string> urls = (configuration["urls"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (string.IsNullOrEmpty(configuration["urls"]))
        {
            string ports = $"{configuration["http_ports"]};{configuration["https_ports"]}";
            urls = ports.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(port => $"http://*:{port}");
        }

        urls = urls.Concat(configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(e => e["Url"]).OfType<string>());
        return urls.FirstOrDefault(url => !IsLoopback(url));
    }

    private static bool IsLoopback(string url)
    {
        BindingAddress address = BindingAddress.Parse(url);
        return address.IsUnixPipe
            || address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(address.Host, out IPAddress? ip) && IPAddress.IsLoopback(ip));
    }
}
