using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Load;

/// <summary>Looks once a second at what a process holds.</summary>
internal sealed class ProcessWatch : IAsyncDisposable
{
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
    internal readonly record struct Sample(long ResidentBytes, int Files, int Threads);

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
                    service.ResidentBytes,
                    Directory.GetFileSystemEntries($"/proc/{service.Id}/fd").Length,
                    Directory.GetDirectories($"/proc/{service.Id}/task").Length));
            }
            while (await pause.WaitForNextTickAsync(ending.Token));
        }
        catch (OperationCanceledException)
        {
            // Enough was seen.
        }
    }
}
