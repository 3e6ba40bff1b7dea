using System.Globalization;

namespace Dpfah.Benchmarks;

/// <summary>Processes that this one has started.</summary>
internal static class ChildProcesses
{
    // Of Linux on all machines that .NET runs on: USER_HZ.
    private const double TicksPerSecond = 100;

    /// <summary>Their numbers.</summary>
    public static IEnumerable<int> Ids() => Stats().Select(stat => stat.Id);

    /// <summary>Processor time of those that run, in seconds.</summary>
    public static double CpuSeconds() => Stats().Sum(stat => stat.Ticks) / TicksPerSecond;

    private static List<(int Id, long Ticks)> Stats()
    {
        var found = new List<(int, long)>();
        foreach (string folder in Directory.GetDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            try
            {
                // "number (name) state parent …", with the processor time of user and system as fields 14 and 15.
                string text = File.ReadAllText(Path.Combine(folder, "stat"));
                string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
                if (int.Parse(fields[1], CultureInfo.InvariantCulture) == Environment.ProcessId)
                {
                    long ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
                    found.Add((int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture), ticks));
                }
            }
            catch (IOException)
            {
                // It has just ended.
            }
        }

        return found;
    }
}
