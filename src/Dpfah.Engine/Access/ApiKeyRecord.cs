using System.Text.Json;
using Dpfah.Engine.Data.Entities;

namespace Dpfah.Engine.Access;

/// <summary>An API key without its secret.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its name, unique among keys that are not revoked.</param>
/// <param name="Role">One of <see cref="ApiKeyRoles"/>.</param>
/// <param name="Prefix">How its text begins, behind <c>dpfah_</c>.</param>
/// <param name="Collections">The collections that it sees; null for all.</param>
/// <param name="CreatedAt">When it was made, UTC.</param>
/// <param name="CreatedBy">Name of the key that made it; null when it was made without one.</param>
/// <param name="ExpiresAt">When it ends, UTC; null for never.</param>
/// <param name="LastUsedAt">When it was used last, UTC, true to a minute; null for never.</param>
/// <param name="RevokedAt">When it was revoked, UTC; null when it was not.</param>
public sealed record ApiKeyRecord(
    int Id,
    string Name,
    string Role,
    string Prefix,
    IReadOnlyList<string>? Collections,
    DateTime CreatedAt,
    string? CreatedBy,
    DateTime? ExpiresAt,
    DateTime? LastUsedAt,
    DateTime? RevokedAt)
{
    internal static ApiKeyRecord From(StoredApiKey key) => new(
        key.Id,
        key.Name,
        key.Role,
        key.Prefix,
        key.Collections is null ? null : JsonSerializer.Deserialize<string[]>(key.Collections),
        key.CreatedAt,
        key.CreatedBy,
        key.ExpiresAt,
        key.LastUsedAt,
        key.RevokedAt);
}
