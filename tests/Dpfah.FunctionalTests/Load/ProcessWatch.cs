using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Load;

/// <summary>Looks once a second at what a service holds, and the processes that it has started.</summary>
internal sealed class ProcessWatch : IAsyncDisposable
{
    /// <summary>
    /// By how much more than in its samples before the memory of a process that decodes may grow: its collector lets garbage of the size of
    /// the processor's cache lie before it looks at any, and small pictures leave little.
    /// </summary>
    public const long MoreOfChild = 64 << 20;

    private readonly ServiceProcess service;
    private readonly CancellationTokenSource ending = new();
    private readonly List<Sample> samples = [];
    private readonly Task watching;

    public ProcessWatch(ServiceProcess service)
    {
        this.service = service;
        watching = Task.Run(WatchAsync);
    }

    /// <summary>What a process held.</summary>
    /// <param name="ResidentBytes">Physical memory.</param>
    /// <param name="Files">Open files and sockets.</param>
    /// <param name="Threads">Threads.</param>
    internal readonly record struct Held(long ResidentBytes, int Files, int Threads);

    /// <summary>What a service held, and what those held that it has started, and those that these have.</summary>
    /// <param name="Service">The service itself.</param>
    /// <param name="Children">The others, each for itself.</param>
    internal sealed record Sample(Held Service, IReadOnlyList<Held> Children)
    {
        /// <summary>Physical memory of all of them; what they share counts for each.</summary>
        public long AllBytes => Service.ResidentBytes + Children.Sum(child => child.ResidentBytes);
    }

    /// <summary>Ends the watch.</summary>
    /// <returns>The samples, one a second.</returns>
    public async Task<IReadOnlyList<Sample>> StopAsync()
    {
        await ending.CancelAsync();
        await watching;
        return samples;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        ending.Dispose();
    }

    private async Task WatchAsync()
    {
        using var pause = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            do
            {
                samples.Add(new Sample(
                    new Held(service.ResidentBytes, FilesOf(service.Id), ThreadsOf(service.Id)), [.. DescendantsOf(service.Id).Select(Look).OfType<Held>()]));
            }
            while (await pause.WaitForNextTickAsync(ending.Token));
        }
        catch (OperationCanceledException)
        {
            // Enough was seen.
        }
    }

    private static int FilesOf(int id) => Directory.GetFileSystemEntries($"/proc/{id}/fd").Length;

    private static int ThreadsOf(int id) => Directory.GetDirectories($"/proc/{id}/task").Length;

    /// <summary>What a process holds that may end at any time; null when it has.</summary>
    private static Held? Look(int id)
    {
        try
        {
            // "size resident shared …", in pages.
            long pages = long.Parse(File.ReadAllText($"/proc/{id}/statm").Split(' ')[1]);
            return new Held(pages * Environment.SystemPageSize, FilesOf(id), ThreadsOf(id));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static List<int> DescendantsOf(int ancestor)
    {
        ILookup<int, int> children = Directory.GetDirectories("/proc").Select(folder => Path.GetFileName(folder)).Where(name => name.All(char.IsAsciiDigit))
            .Select(name => (Id: int.Parse(name), Parent: ParentOf(name))).ToLookup(process => process.Parent, process => process.Id);
        List<int> found = [.. children[ancestor]];
        for (int i = 0; i < found.Count; i++)
        {
            found.AddRange(children[found[i]]);
        }

        return found;
    }

    /// <summary>Who has started a process; 0 when it has ended.</summary>
    private static int ParentOf(string id)
    {
        try
        {
            // "… (name) state parent …": a name may have spaces.
            string text = File.ReadAllText($"/proc/{id}/stat");
            return int.Parse(text[(text.LastIndexOf(')') + 2)..].Split(' ')[1]);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
