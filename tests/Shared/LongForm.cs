using System.Globalization;

namespace Dpfah.Tests.Shared;

/// <summary>
/// Promises that take longer to test than a gate may last: each such test has a short form, which is what runs by default, and a
/// long one, which <c>tests/long.sh</c> asks for and whose results stand in <c>tests/RESULTS.md</c>.
/// </summary>
public static class LongForm
{
    /// <summary>The trait of these tests; its value is the name that <c>tests/long.sh</c> takes.</summary>
    public const string Trait = "LongForm";

    private static readonly Lock Gate = new();

    /// <summary>Whether the long form was asked for.</summary>
    public static bool IsAsked => Environment.GetEnvironmentVariable("DPFAH_LONG") == "1";

    /// <summary>An amount in the form that was asked for.</summary>
    /// <param name="inShort">In the short form.</param>
    /// <param name="inLong">In the long form.</param>
    public static int Choose(int inShort, int inLong) => IsAsked ? inLong : inShort;

    /// <summary>What random numbers of a test start from: <c>DPFAH_SEED</c>, or by chance in the long form, or 1. It is written to the test's output.</summary>
    public static int Seed()
    {
        int seed = Environment.GetEnvironmentVariable("DPFAH_SEED") is { Length: > 0 } told
            ? int.Parse(told, CultureInfo.InvariantCulture)
            : IsAsked ? Random.Shared.Next() : 1;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}; DPFAH_SEED={seed} runs it again");
        return seed;
    }

    /// <summary>Tells what a test has shown, for the table of <c>tests/RESULTS.md</c>.</summary>
    /// <param name="test">What was tested, as the table calls it.</param>
    /// <param name="result">What came out, with its numbers, in one line without <c>|</c>.</param>
    public static void Record(string test, string result)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"{test}: {result}");
        if (Environment.GetEnvironmentVariable("DPFAH_LONG_RESULTS") is { Length: > 0 } file)
        {
            lock (Gate)
            {
                File.AppendAllText(file, $"{test} | {result}\n");
            }
        }
    }
}
