namespace Dpfah.Engine.Imports.Fetching;

/// <summary>From which hosts pictures may be fetched.</summary>
/// <param name="hosts">Names, and <c>*.</c> names for all below them.</param>
/// <param name="privateHosts">Those, as <c>host:port</c>, that may have private addresses.</param>
internal sealed class HostRules(IReadOnlyList<string> hosts, IReadOnlyList<string> privateHosts)
{
    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => hosts.Count == 0;

    /// <summary>Why an address is not fetched, as a sentence; null when it may be.</summary>
    public string? Check(Uri url)
    {
        if (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp)
        {
            return $"Only https and http are fetched, not '{url.Scheme}'.";
        }

        if (url.UserInfo.Length > 0)
        {
            return "An address with a user name is not fetched.";
        }

        return hosts.Any(host => Matches(host, url.IdnHost)) ? null : $"The host '{url.IdnHost}' is none of those from which pictures may be fetched.";
    }

    /// <summary>Whether a host may have a private address.</summary>
    public bool MayBePrivate(string host, int port) => privateHosts.Contains($"{host}:{port}", StringComparer.OrdinalIgnoreCase);

    private static bool Matches(string rule, string host) => rule.StartsWith("*.", StringComparison.Ordinal)
        ? host.EndsWith(rule[1..], StringComparison.OrdinalIgnoreCase)
        : rule.Equals(host, StringComparison.OrdinalIgnoreCase);
}
