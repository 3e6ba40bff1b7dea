using System.Security.Cryptography;
using System.Text;
using Dpfah.Engine.Access;
using Dpfah.Engine.Hosting;

namespace Dpfah.Api.Access;

/// <summary>Who may come in, and whether a key is needed at all.</summary>
/// <param name="keys">The keys of the database.</param>
/// <param name="rules">What the settings say.</param>
internal sealed class KeyGate(ApiKeyFollower keys, KeyRules rules)
{
    /// <summary>Whether no key is needed: there is none, and the service answers on this machine alone or was told to be open.</summary>
    public bool IsOpen => rules is { AdminKeyHash: null, DemandsKey: false } && !keys.HasKeys;

    /// <summary>Whether it is known already if there are keys.</summary>
    public bool HasReadKeys => keys.HasRead;

    /// <summary>Whether others than this machine may come in without a key.</summary>
    public bool IsInsecure => rules.IsInsecure;

    /// <summary>Finds out who has a key.</summary>
    /// <returns>Null when nobody has, or not any more.</returns>
    /// <exception cref="NotReadyException">The database has not told yet, or not for too long.</exception>
    public Caller? Find(string key)
    {
        if (rules.AdminKeyHash is { } hash && CryptographicOperations.FixedTimeEquals(KeyRules.Hash(key), hash))
        {
            return Caller.AdminKey;
        }

        return keys.Find(key) is { } found ? new Caller(found.Name, found.Role, found.Collections) : null;
    }

    /// <summary>Whether the key that a request came with is still good: for answers that go on for long.</summary>
    public bool Admits(HttpRequest request)
    {
        try
        {
            return IsOpen || ((ApiKeyHandler.ReadHeader(request) ?? SessionCookie.Read(request)) is { } key && Find(key) is not null);
        }
        catch (NotReadyException)
        {
            return false;
        }
    }
}

/// <summary>Who calls.</summary>
/// <param name="Name">Name of the key.</param>
/// <param name="Role">Its role.</param>
/// <param name="Collections">The collections that it sees; null for all.</param>
internal sealed record Caller(string Name, string Role, IReadOnlyList<string>? Collections)
{
    /// <summary>The key of the environment.</summary>
    public static Caller AdminKey { get; } = new("admin", Policies.Admin, null);

    /// <summary>Anybody, where no key is needed.</summary>
    public static Caller Local { get; } = new("local", Policies.Admin, null);
}

/// <summary>What the settings say of keys.</summary>
/// <param name="AdminKeyHash">SHA-256 of the admin key; null when none is set.</param>
/// <param name="DemandsKey">Whether a key is needed though none is left: others can reach the service.</param>
/// <param name="IsInsecure">Whether others may come in without a key.</param>
internal sealed record KeyRules(byte[]? AdminKeyHash, bool DemandsKey, bool IsInsecure)
{
    /// <summary>A key has enough random bits for a plain hash.</summary>
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
