using System.Net;
using Dpfah.Api.Http;

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

    /// <summary>Tells of addresses to listen on that are none.</summary>
    public static void CheckAddresses(IConfiguration configuration, List<string> errors)
    {
        foreach (string url in (configuration["urls"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            try
            {
                BindingAddress.Parse(url);
            }
            catch (FormatException error)
            {
                errors.Add($"urls has addresses to listen on such as http://127.0.0.1:8080; one was '{url}': {error.Message}");
            }
        }
    }

    /// <summary>
    /// Without a key, refuses requests under other names than this machine's own: a page from elsewhere must not reach the service by
    /// making a name of its own point here.
    /// </summary>
    public static IApplicationBuilder UseLocalNamesOnly(this IApplicationBuilder app)
    {
        KeyGate gate = app.ApplicationServices.GetRequiredService<KeyGate>();
        return app.Use((context, next) =>
        {
            HostString host = context.Request.Host;
            return !gate.IsOpen || gate.IsInsecure || !host.HasValue || IsLocalName(host.Host)
                ? next(context)
                : Problems.UnknownHost(host.Value).ExecuteAsync(context);
        });
    }

    private static bool IsLoopback(string url)
    {
        BindingAddress address = BindingAddress.Parse(url);
        return address.IsUnixPipe || IsLocalName(address.Host);
    }

    private static bool IsLocalName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out IPAddress? ip) && IPAddress.IsLoopback(ip));
}
