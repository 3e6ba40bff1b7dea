namespace Dpfah.Engine.Data.Entities;

/// <summary>An API key, as far as it is kept: its text is not.</summary>
internal sealed class StoredApiKey
{
    public int Id { get; set; }

    public required string Name { get; set; }

    /// <summary>One of <see cref="Access.ApiKeyRoles"/>.</summary>
    public required string Role { get; set; }

    /// <summary>The part of the key's text by which it is found; no secret.</summary>
    public required string Prefix { get; set; }

    /// <summary>SHA-256 of the key's text.</summary>
    public required byte[] Hash { get; set; }

    /// <summary>Names of the collections that it is limited to: a JSON array; null for none.</summary>
    public string? Collections { get; set; }

    public DateTime CreatedAt { get; set; }

    /// <summary>Name of the key that made it; null when it was made without one.</summary>
    public string? CreatedBy { get; set; }

    public DateTime? ExpiresAt { get; set; }

    /// <summary>When it was used last, true to a minute.</summary>
    public DateTime? LastUsedAt { get; set; }

    /// <summary>When it was revoked. The row stays: what the key has done names it.</summary>
    public DateTime? RevokedAt { get; set; }
}
