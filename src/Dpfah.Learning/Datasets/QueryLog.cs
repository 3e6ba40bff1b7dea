using System.Globalization;
using System.Text;

namespace Dpfah.Learning.Datasets;

/// <summary>The record of how often the queries of a split were opened: one line each, UTC time and purpose.</summary>
internal static class QueryLog
{
    private const int Attempts = 1500;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Adds a line and forces it to disk; waits up to 30 seconds for another program that is at it.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Append(string path, DateTimeOffset time, string purpose)
    {
        byte[] line = Encoding.UTF8.GetBytes(
            $"{time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)} {purpose}\n");
        using FileStream stream = OpenAlone(path, FileMode.Append, FileAccess.Write);
        stream.Write(line);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Counts the lines; none when there is no file.</summary>
    public static int Count(string path)
    {
        if (!File.Exists(path))
        {
            return 0;
        }

        using var reader = new StreamReader(OpenAlone(path, FileMode.Open, FileAccess.Read));
        int lines = 0;
        while (reader.ReadLine() is not null)
        {
            lines++;
        }

        return lines;
    }

    private static FileStream OpenAlone(string path, FileMode mode, FileAccess access)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return new FileStream(path, mode, access, FileShare.None);
            }
            catch (IOException) when (attempt < Attempts && File.Exists(path))
            {
                Thread.Sleep(Pause);
            }
        }
    }
}
