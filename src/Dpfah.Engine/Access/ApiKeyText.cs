using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Dpfah.Engine.Access;

/// <summary>
/// The text of a key: <c>dpfah_</c>, eight hex digits by which it is found, <c>_</c>, and 256 random bits in hex. The beginning lets
/// scanners of source code know a key when they see one.
/// </summary>
internal static partial class ApiKeyText
{
    private const int PrefixBytes = 4;
    private const int SecretBytes = 32;

    /// <summary>A new key.</summary>
    public static (string Prefix, string Text) Make()
    {
        string prefix = RandomNumberGenerator.GetHexString(2 * PrefixBytes, lowercase: true);
        return (prefix, $"{BeginningOf(prefix)}{RandomNumberGenerator.GetHexString(2 * SecretBytes, lowercase: true)}");
    }

    /// <summary>How the text of a key begins that is found by this part: no secret.</summary>
    public static string BeginningOf(string prefix) => $"dpfah_{prefix}_";

    /// <summary>The part by which a key is found.</summary>
    public static bool TryReadPrefix(string text, [NotNullWhen(true)] out string? prefix)
    {
        Match match = Pattern.Match(text);
        prefix = match.Success ? match.Groups[1].Value : null;
        return match.Success;
    }

    /// <summary>What is kept of a key: it has 256 random bits, so that a plain hash is enough.</summary>
    public static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    [GeneratedRegex(@"\Adpfah_([0-9a-f]{8})_[0-9a-f]{64}\z")]
    private static partial Regex Pattern { get; }
}
