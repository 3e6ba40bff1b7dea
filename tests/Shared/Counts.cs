namespace Dpfah.Tests.Shared;

/// <summary>Reports how much of a promised amount a test has run, for the summary of <c>.ci/run</c>.</summary>
public static class Counts
{
    /// <summary>Environment variable with the file that collects the reports.</summary>
    public const string FileVariable = "DPFAH_COUNTS_FILE";

    private static readonly Lock Gate = new();

    /// <summary>Reports a count, and fails the test when it is short of the promise.</summary>
    /// <param name="name">What was counted, one word as in <c>.ci/promised-counts</c>, such as <c>kills</c>.</param>
    /// <param name="done">How many succeeded.</param>
    /// <param name="promised">How many were to succeed.</param>
    public static void Report(string name, int done, int promised)
    {
        string line = $"COUNT {name} {done}/{promised}";
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        if (Environment.GetEnvironmentVariable(FileVariable) is { Length: > 0 } file)
        {
            lock (Gate)
            {
                File.AppendAllText(file, line + "\n");
            }
        }

        Assert.True(done >= promised, $"Only {done} of {promised} {name}.");
    }
}
