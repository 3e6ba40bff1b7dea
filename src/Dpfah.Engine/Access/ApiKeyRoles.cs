namespace Dpfah.Engine.Access;

/// <summary>Roles of API keys, each allowed all that those before it are.</summary>
public static class ApiKeyRoles
{
    /// <summary>Searches and reads.</summary>
    public const string Reader = "reader";

    /// <summary>Writes pictures and collections.</summary>
    public const string Indexer = "indexer";

    /// <summary>Trains and measures models.</summary>
    public const string Trainer = "trainer";

    /// <summary>Everything.</summary>
    public const string Admin = "admin";

    /// <summary>All of them, the least first.</summary>
    public static IReadOnlyList<string> Ascending { get; } = [Reader, Indexer, Trainer, Admin];
}
