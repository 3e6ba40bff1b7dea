using Dpfah.Engine.Auditing;
using Dpfah.Engine.Catalogue;

namespace Dpfah.Engine.Access;

/// <summary>A key to be made.</summary>
/// <param name="Name">Its name: 1 to 64 of a-z, 0-9, '-', '_' and '.'.</param>
/// <param name="Role">One of <see cref="ApiKeyRoles"/>.</param>
/// <param name="Collections">The collections that it sees, whether they are there yet or not; null for all.</param>
/// <param name="ExpiresAt">When it ends, UTC; null for never.</param>
/// <param name="CreatedBy">Name of the key that makes it; null without one.</param>
public sealed record NewApiKey(string Name, string Role, IReadOnlyList<string>? Collections, DateTime? ExpiresAt, string? CreatedBy)
{
    /// <summary>Most collections that a key can be limited to.</summary>
    public const int MaxCollections = 100;

    /// <summary>What is wrong with it: the member's name in camelCase and a sentence; null when nothing is.</summary>
    /// <param name="now">The time, UTC.</param>
    public (string Member, string Detail)? Check(DateTime now)
    {
        if (CatalogueRules.CheckCollectionName(Name) is { } wrongName)
        {
            return ("name", wrongName.Replace("A collection's name", "A key's name", StringComparison.Ordinal));
        }

        if (AuditNames.All.Contains(Name))
        {
            return ("name", $"'{Name}' is what the service calls callers without a key of their own: take another name.");
        }

        if (!ApiKeyRoles.Ascending.Contains(Role))
        {
            return ("role", $"'role' is one of {string.Join(", ", ApiKeyRoles.Ascending)}; it was '{Role}'.");
        }

        if (Collections is { Count: 0 or > MaxCollections })
        {
            return ("collections", $"A key is limited to 1 to {MaxCollections} collections, or to none when the list is left out; there were {Collections.Count}.");
        }

        if (Collections?.Select(CatalogueRules.CheckCollectionName).FirstOrDefault(wrong => wrong is not null) is { } wrongCollection)
        {
            return ("collections", wrongCollection);
        }

        return ExpiresAt <= now ? ("expiresAt", $"The key would end at {ExpiresAt:u}, which is past.") : null;
    }
}
