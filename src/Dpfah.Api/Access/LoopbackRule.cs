using System.Globalization;
using System.Net;
using Dpfah.Api.Http;

namespace Dpfah.Api.Access;

/// <summary>Without a key the service listens on this machine alone.</summary>
internal static class LoopbackRule
{
    private static readonly string[] PortSettings = ["http_ports", "https_ports"];

    // What proxies add to the requests that they pass on.
    private static readonly string[] ForwardingHeaders = ["X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via"];

    /// <summary>The first configured address that others than this machine can reach; null when there is none.</summary>
    public static string? FindOpenAddress(IConfiguration configuration) =>
        Addresses(configuration).Select(one => one.Url).FirstOrDefault(url => Check(url) is null && !IsLoopback(url));

    /// <summary>Tells of addresses to listen on that are none.</summary>
    public static void CheckAddresses(IConfiguration configuration, List<string> errors)
    {
        foreach ((string setting, string url) in Addresses(configuration))
        {
            if (Check(url) is { } wrong)
            {
                errors.Add($"{setting} has addresses to listen on such as http://127.0.0.1:8080; one was '{url}': {wrong}");
            }
        }

        foreach ((string setting, string port) in Ports(configuration).Where(one => !ushort.TryParse(one.Port, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            errors.Add($"{setting} has ports to listen on, whole numbers up to {ushort.MaxValue}; one was '{port}'.");
        }
    }

    private static IEnumerable<(string Setting, string Url)> Addresses(IConfiguration configuration)
    {
        IEnumerable<(string Setting, string Url)> urls = string.IsNullOrEmpty(configuration["urls"])
            ? Ports(configuration).Where(one => ushort.TryParse(one.Port, NumberStyles.None, CultureInfo.InvariantCulture, out _)).Select(one => (one.Setting, $"http://*:{one.Port}"))
            : Split(configuration["urls"]).Select(url => ("urls", url));
        return urls.Concat(configuration.GetSection("Kestrel:Endpoints").GetChildren()
            .Where(endpoint => endpoint["Url"] is not null).Select(endpoint => ($"{endpoint.Path}:Url", endpoint["Url"]!)));
    }

    private static IEnumerable<(string Setting, string Port)> Ports(IConfiguration configuration) =>
        PortSettings.SelectMany(setting => Split(configuration[setting]).Select(port => (setting, port)));

    private static string[] Split(string? list) => (list ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <returns>What is wrong with an address; null when nothing is.</returns>
    private static string? Check(string url)
    {
        try
        {
            BindingAddress.Parse(url);
            return null;
        }
        catch (FormatException error)
        {
            return error.Message;
        }
    }

    /// <summary>
    /// Without a key, refuses requests under other names than this machine's own: a page from elsewhere must not reach the service by
    /// making a name of its own point here. Nor must others through a proxy on this machine, which the service would take for its own.
    /// </summary>
    public static IApplicationBuilder UseLocalNamesOnly(this IApplicationBuilder app)
    {
        KeyGate gate = app.ApplicationServices.GetRequiredService<KeyGate>();
        return app.Use((context, next) =>
        {
            if (!gate.IsOpen || gate.IsInsecure)
            {
                return next(context);
            }

            HostString host = context.Request.Host;
            return host.HasValue && !IsLocalName(host.Host) ? Problems.UnknownHost(host.Value).ExecuteAsync(context)
                : Array.Find(ForwardingHeaders, context.Request.Headers.ContainsKey) is { } header ? Problems.ForwardedWithoutKey(header).ExecuteAsync(context)
                : next(context);
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
