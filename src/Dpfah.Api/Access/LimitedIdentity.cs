using System.Security.Claims;

namespace Dpfah.Api.Access;

/// <summary>A caller whose key is for some collections only.</summary>
/// <param name="identity">Name and role.</param>
/// <param name="collections">Names of the collections.</param>
internal sealed class LimitedIdentity(ClaimsIdentity identity, IReadOnlyList<string> collections) : ClaimsIdentity(identity)
{
    /// <summary>Names of the collections.</summary>
    public IReadOnlyList<string> Collections { get; } = collections;
}
