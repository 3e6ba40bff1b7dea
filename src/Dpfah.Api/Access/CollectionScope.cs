using System.Security.Claims;

namespace Dpfah.Api.Access;

/// <summary>The collections that a caller sees: all of them, or those of its key. To a limited key the others are not there.</summary>
internal sealed class CollectionScope
{
    private static readonly CollectionScope All = new(null);

    private readonly IReadOnlyList<string>? names;

    private CollectionScope(IReadOnlyList<string>? names) => this.names = names;

    /// <summary>Whether the caller sees all collections, and what is of none.</summary>
    public bool IsAll => names is null;

    /// <summary>Names of the collections that are seen; null for all.</summary>
    public IReadOnlyList<string>? Names => names;

    /// <summary>What a caller sees.</summary>
    public static CollectionScope Of(ClaimsPrincipal user) => user.Identity is LimitedIdentity limited ? new CollectionScope(limited.Collections) : All;

    /// <summary>Whether the caller sees what is of a collection; null is what is of none.</summary>
    public bool Allows(string? collection) => names is null || (collection is not null && names.Contains(collection, StringComparer.Ordinal));
}
