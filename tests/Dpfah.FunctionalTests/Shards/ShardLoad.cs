using System.Collections.Concurrent;
using System.Diagnostics;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Shards;

/// <summary>Callers who search one after another on some nodes and look at every answer. They ask again when an answer says that it lacks shards.</summary>
internal sealed class ShardLoad : IAsyncDisposable
{
    private const int Callers = 4;
    private const int Attempts = 100;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // Callers who never pause would leave the nodes too little to come back with.
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource ending = new();
    private readonly ConcurrentQueue<(int Number, string Answer)> others = [];
    private readonly ShardQueries queries;
    private readonly Task[] loops;
    private int answered;
    private int refused;
    private int incomplete;
    private long slowest;

    /// <summary>Starts the callers.</summary>
    public ShardLoad(ClusterNodes nodes, ShardQueries queries, params int[] on)
    {
        this.queries = queries;
        loops = [.. Enumerable.Range(0, Callers).Select(n => Task.Run(() => RunAsync(nodes[on[n % on.Length]], n)))];
    }

    /// <summary>Searches that were answered.</summary>
    public int Answered => Volatile.Read(ref answered);

    /// <summary>What came of it, for a record.</summary>
    public string Told => Tell([this]);

    /// <summary>What came of several together, for a record.</summary>
    public static string Tell(IReadOnlyCollection<ShardLoad> loads) =>
        $"{loads.Sum(load => load.Answered):N0} searches meanwhile, 0 wrong, asked again {loads.Sum(load => Volatile.Read(ref load.refused))} times after a 503 and "
        + $"{loads.Sum(load => Volatile.Read(ref load.incomplete))} times after a part of an answer, "
        + $"the slowest {TimeSpan.FromTicks(loads.Max(load => Volatile.Read(ref load.slowest))).TotalMilliseconds:0} ms";

    /// <summary>Waits until as many more were answered, or a caller has failed.</summary>
    public async Task MoreAsync(int answers)
    {
        int wanted = Answered + answers;
        await Eventually.BecomesAsync(() => Task.FromResult(Answered), found => found >= wanted || loops.Any(loop => loop.IsFaulted));
    }

    /// <summary>Asserts that every answer was right.</summary>
    /// <param name="or">What may have been answered as well.</param>
    public void AssertRight(ShardQueries? or = null)
    {
        Assert.DoesNotContain(loops, loop => loop.IsFaulted);
        (int Number, string Answer)[] wrong = [.. others.Where(one => one.Answer != or?.Expected(one.Number))];
        Assert.True(wrong.Length == 0, $"{wrong.Length} of {Answered} answers are wrong, such as {wrong.FirstOrDefault().Answer}\nand not {queries.Expected(wrong.FirstOrDefault().Number)}");
    }

    /// <summary>Asserts that every answer was whole at once: none was a 503, and none lacked a shard.</summary>
    public void AssertNoneAskedAgain() => Assert.Equal((0, 0), (Volatile.Read(ref refused), Volatile.Read(ref incomplete)));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await Task.WhenAll(loops);
        ending.Dispose();
    }

    private async Task RunAsync(ApiClient client, int first)
    {
        using var rate = new PeriodicTimer(Between);
        for (int number = first; !ending.IsCancellationRequested; number += Callers)
        {
            await rate.WaitForNextTickAsync();
            long start = Stopwatch.GetTimestamp();
            (string? answer, Lack lack) = await queries.AskAsync(client, number);
            for (int attempt = 1; lack != Lack.None && attempt < Attempts; attempt++)
            {
                Interlocked.Increment(ref (lack == Lack.Shards ? ref incomplete : ref refused));
                await Task.Delay(Pause);
                (answer, lack) = await queries.AskAsync(client, number);
            }

            if (answer != queries.Expected(number))
            {
                others.Enqueue((number, answer ?? "None was whole."));
            }

            long ticks = Stopwatch.GetElapsedTime(start).Ticks;
            for (long known = Volatile.Read(ref slowest); ticks > known; known = Volatile.Read(ref slowest))
            {
                Interlocked.CompareExchange(ref slowest, ticks, known);
            }

            Interlocked.Increment(ref answered);
        }
    }
}
