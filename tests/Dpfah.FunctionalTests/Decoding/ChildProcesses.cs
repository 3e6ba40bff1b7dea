using Dpfah.Engine.Decoding;

namespace Dpfah.FunctionalTests.Decoding;

/// <summary>Processes that decode, as the system knows them.</summary>
internal static class ChildProcesses
{
    /// <summary>Those that a process has started and that run.</summary>
    public static int[] Of(int parent) => [.. All().Where(process => process.Parent == parent).Select(process => process.Id)];

    /// <summary>Whether a process runs and decodes.</summary>
    public static bool Runs(int id) => All().Any(process => process.Id == id);

    /// <summary>The environment of a process.</summary>
    public static string EnvironmentOf(int id) => File.ReadAllText($"/proc/{id}/environ");

    /// <summary>How much sooner than others the system takes a process when memory runs out, from -1000 to 1000.</summary>
    public static int MemoryScoreOf(int id) => int.Parse(File.ReadAllText($"/proc/{id}/oom_score_adj"));

    private static IEnumerable<(int Id, int Parent)> All()
    {
        foreach (string folder in Directory.GetDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            (int, int)? found = null;
            try
            {
                // Without arguments where it has ended and waits to be told so.
                if (File.ReadAllText(Path.Combine(folder, "cmdline")).Split('\0') is { } words && words.Contains(DecoderLoop.Verb))
                {
                    // "… (name) state parent …": a name may have spaces.
                    string text = File.ReadAllText(Path.Combine(folder, "stat"));
                    found = (int.Parse(Path.GetFileName(folder)), int.Parse(text[(text.LastIndexOf(')') + 2)..].Split(' ')[1]));
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // It has just ended.
            }

            if (found is { } process)
            {
                yield return process;
            }
        }
    }
}
