using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Dpfah.FunctionalTests.Hosting;

/// <summary>
/// Knows every key that a test has used, and searches the log of every service of the test run for them when the service ends: a key
/// that was logged fails the test, whatever it is about.
/// </summary>
internal static partial class KeyWatch
{
    private static readonly ConcurrentDictionary<string, bool> Known = new();

    /// <summary>Remembers a key; also its secret part, should that be logged alone.</summary>
    public static void Add(string key)
    {
        Known[key] = true;
        Known[key[(key.LastIndexOf('_') + 1)..]] = true;
    }

    /// <summary>Remembers the admin key among a service's arguments.</summary>
    public static void AddFrom(IEnumerable<string> arguments)
    {
        foreach ((string name, string value) in arguments.Zip(arguments.Skip(1)))
        {
            if (name == "--DPFAH_ADMIN_KEY")
            {
                Add(value);
            }
        }
    }

    /// <summary>Asserts that a log has no key in it.</summary>
    /// <param name="log">All that a service has written.</param>
    public static void AssertAbsent(string log)
    {
        // Not all of it: what the test says is a log as well.
        Match made = MadeKey.Match(log);
        Assert.False(made.Success, $"The key that begins with '{made.Groups[1]}' was logged.");
        string? known = Known.Keys.FirstOrDefault(key => log.Contains(key, StringComparison.OrdinalIgnoreCase));
        Assert.True(known is null, $"The key that begins with '{known?[..4]}' was logged.");
    }

    [GeneratedRegex("(dpfah_[0-9a-f]{8})_[0-9a-f]{64}", RegexOptions.IgnoreCase)]
    private static partial Regex MadeKey { get; }
}
