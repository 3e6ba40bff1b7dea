using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Dpfah.Core.Indexing;
using Dpfah.Engine.Search;
using Dpfah.Engine.Search.Shards;
using Dpfah.Engine.Telemetry;

namespace Dpfah.Cluster;

/// <summary>Asks one replica of each shard, a second one when the first takes longer than most, and the next when one fails.</summary>
/// <param name="options">How long to wait.</param>
/// <param name="positionTimeout">How long a shard waits for a position.</param>
internal sealed class ShardRouter(ClusterOptions options, TimeSpan positionTimeout) : IShardSearch
{
    // Answers of so many neighbors go in one message: 8,000 with the longest ids and labels are some 70 MB, of 100 that a message may have.
    private const int MostNeighbors = 8_000;

    private static readonly TimeSpan LeastHedge = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan MostHedge = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan ShortTimeout = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan SuspicionTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ReportTimeout = TimeSpan.FromSeconds(2);

    private static readonly Counter<long> Hedges = EngineTelemetry.Meter.CreateCounter<long>(
        "dpfah.shards.hedges", "{request}", "Requests to a second replica, because the first took longer than 95 % of them or failed.");

    private static readonly Counter<long> Misses = EngineTelemetry.Meter.CreateCounter<long>(
        "dpfah.shards.missing", "{request}", "Shards that did not answer in time: the search was answered in part.");

    private readonly LatencyWindow single = new();
    private readonly LatencyWindow many = new();
    private readonly ConcurrentDictionary<(int Generation, int Shards, int Shard), bool> lost = new();
    private readonly ConcurrentDictionary<string, long> suspects = new(StringComparer.Ordinal);
    private volatile FrozenDictionary<ShardedGeneration, ShardState[]> states = FrozenDictionary<ShardedGeneration, ShardState[]>.Empty;
    private volatile FrozenSet<ShardedGeneration> wanted = FrozenSet<ShardedGeneration>.Empty;
    private volatile IClusterView? cluster;
    private int turn;

    /// <inheritdoc/>
    public event Action? Loaded;

    /// <summary>Called when other shards are wanted.</summary>
    public event Action? WantedChanged;

    /// <summary>The generations whose shards are to be kept.</summary>
    public FrozenSet<ShardedGeneration> Wanted => wanted;

    /// <summary>Joins, or leaves when it is null.</summary>
    public void Attach(IClusterView? joined)
    {
        // Told from the start: what is not told cannot be watched for its growth.
        Hedges.Add(0);
        Misses.Add(0);
        cluster = joined;
    }

    /// <inheritdoc/>
    public void Keep(IReadOnlyCollection<ShardedGeneration> wanted)
    {
        if (!this.wanted.SetEquals(wanted))
        {
            this.wanted = wanted.ToFrozenSet();
            WantedChanged?.Invoke();
        }
    }

    /// <inheritdoc/>
    public bool IsLoaded(ShardedGeneration generation) => states.TryGetValue(generation, out ShardState[]? found) && Array.TrueForAll(found, state => state.IsLoaded);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ShardState>> StatesAsync(ShardedGeneration generation, bool now, CancellationToken cancellationToken) =>
        now ? await ReportAsync(generation, cancellationToken)
            : states.GetValueOrDefault(generation) ?? [.. Replicas(generation).Select(replica => new ShardState(replica.Shard, replica.Replica, null, false, 0, 0, 0, 0))];

    /// <summary>Asks all replicas of all wanted generations how they are, which also keeps them active.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        FrozenSet<ShardedGeneration> now = wanted;
        var reports = await Task.WhenAll(now.Select(async generation => (generation, Reports: await ReportAsync(generation, cancellationToken))));
        HashSet<ShardedGeneration> before = [.. states.Keys.Where(IsLoaded)];
        states = reports.ToFrozenDictionary(pair => pair.generation, pair => pair.Reports);
        if (states.Keys.Any(generation => IsLoaded(generation) && !before.Contains(generation)))
        {
            Loaded?.Invoke();
        }
    }

    /// <inheritdoc/>
    public async Task<ShardAnswers> SearchAsync(
        ShardedGeneration generation, IReadOnlyList<IndexQuery<IndexedItem>> queries, string? field, ulong position, bool mayWait, CancellationToken cancellationToken)
    {
        var answers = new IndexAnswer<IndexedItem>[]?[generation.Layout.Shards];
        Array.Fill(answers, []);
        ulong seen = ulong.MaxValue;
        bool behind = false;
        int most = queries.Max(query => query.K);
        foreach (IndexQuery<IndexedItem>[] some in queries.Chunk(Math.Max(1, MostNeighbors / most)))
        {
            var request = new ShardRequest(ShardWire.Write(some), field, position);
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            FirstAsked?[] firsts = AskTogether(generation, request, MostNeighbors / (some.Length * most), ending.Token);
            ShardReply?[] replies = await Task.WhenAll(Enumerable.Range(0, answers.Length).Select(shard => AskAsync(generation, shard, request, firsts[shard], some.Length, mayWait, cancellationToken)));
            await ending.CancelAsync();
            if (Array.Find(replies, reply => reply?.Outcome == ShardOutcome.Switched) is { } switched)
            {
                return new ShardAnswers([], switched.Position, Switched: true, Behind: false);
            }

            for (int shard = 0; shard < replies.Length; shard++)
            {
                if (replies[shard] is { Outcome: ShardOutcome.Answered } reply)
                {
                    answers[shard] = answers[shard] is { } known ? [.. known, .. ShardWire.ReadAnswers(reply.Answers!)] : null;
                    seen = Math.Min(seen, reply.Position);
                }
                else
                {
                    behind |= replies[shard]?.Outcome == ShardOutcome.Behind;
                    answers[shard] = null;
                    Misses.Add(1);
                }
            }
        }

        return new ShardAnswers(answers, seen, Switched: false, behind);
    }

    /// <summary>Whether a replica of a shard was in memory when it was asked last.</summary>
    private bool IsThere(ShardedGeneration generation, int shard) =>
        states.TryGetValue(generation, out ShardState[]? found) && Array.Exists(found, state => state.Shard == shard && state.IsLoaded);

    /// <summary>Asks each node for all shards for which it is the first: in one message, or in several whose answers hold no more shards than they may.</summary>
    private FirstAsked?[] AskTogether(ShardedGeneration generation, ShardRequest request, int shardsOfAnswer, CancellationToken cancellationToken)
    {
        var asked = new FirstAsked?[generation.Layout.Shards];
        if (cluster is { } nodes)
        {
            var orders = Enumerable.Range(0, asked.Length).Select(shard => (Shard: shard, Order: Order(nodes, generation, shard)));

            // Those of this node last: the others need not wait for it to begin.
            var byNode = orders.GroupBy(one => one.Order[0].Node, StringComparer.Ordinal).OrderBy(node => node.Key == nodes.Local);
            foreach (var together in byNode.SelectMany(node => node.Chunk(Math.Max(1, shardsOfAnswer))))
            {
                IReadOnlyList<Task<ShardReply>> replies = nodes.Search([.. together.Select(one => one.Order[0].Name)], request, cancellationToken);
                for (int i = 0; i < together.Length; i++)
                {
                    asked[together[i].Shard] = new FirstAsked(together[i].Order, replies[i]);
                }
            }
        }

        return asked;
    }

    /// <param name="generation">Whose codes.</param>
    /// <param name="shard">The shard.</param>
    /// <param name="request">The queries.</param>
    /// <param name="first">Its first request, which is under way; null when there is none.</param>
    /// <param name="queries">How many queries.</param>
    /// <param name="mayWait">Whether the shard may wait for a position.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The best reply that came in time; null when none came.</returns>
    private async Task<ShardReply?> AskAsync(
        ShardedGeneration generation, int shard, ShardRequest request, FirstAsked? first, int queries, bool mayWait, CancellationToken cancellationToken)
    {
        (int, int, int) name = (generation.Generation, generation.Layout.Shards, shard);
        LatencyWindow window = queries == 1 ? single : many;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

        // Once it was waited for in vain, every search would be as long. One that is only slow says meanwhile that it is there.
        ending.CancelAfter(
            lost.ContainsKey(name) && !IsThere(generation, shard) ? ShortTimeout : mayWait ? options.ShardTimeout + positionTimeout : options.ShardTimeout);
        ShardReply? best = null;
        try
        {
            while (true)
            {
                ShardReply? reply = await AskAllAsync(generation, shard, request, first, window, ending.Token);
                first = null;
                if (reply?.Outcome is ShardOutcome.Answered or ShardOutcome.Switched)
                {
                    lost.TryRemove(name, out _);
                    return reply;
                }

                best = Better(best, reply);

                await Task.Delay(Pause, ending.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time is up.
            if (best?.Outcome != ShardOutcome.Behind)
            {
                lost.TryAdd(name, true);
            }

            return best;
        }
        finally
        {
            // Whoever is still at it need not go on.
            await ending.CancelAsync();
        }
    }

    /// <summary>Asks the replicas of a shard, each once: the next when one fails or takes too long.</summary>
    /// <returns>The first answer; else the last word of one that has none; null when all failed.</returns>
    private async Task<ShardReply?> AskAllAsync(
        ShardedGeneration generation, int shard, ShardRequest request, FirstAsked? first, LatencyWindow window, CancellationToken cancellationToken)
    {
        if (cluster is not { } nodes)
        {
            return null;
        }

        List<(ShardName Name, string Node)> order = first?.Order ?? Order(nodes, generation, shard);
        var running = new List<Task<ShardReply?>>();
        ShardReply? best = null;
        for (int next = 0; next < order.Count || running.Count > 0;)
        {
            if (next < order.Count)
            {
                if (next > 0)
                {
                    Hedges.Add(1);
                }

                Task<ShardReply> call = next == 0 && first is not null ? first.Reply : nodes.Search([order[next].Name], request, cancellationToken)[0];
                running.Add(HearAsync(call, order[next].Node, window, cancellationToken));
                next++;
            }

            while (running.Count > 0)
            {
                Task soonest;
                if (next < order.Count)
                {
                    TimeSpan patience = TimeSpan.FromTicks(Math.Clamp(window.Percentile95.Ticks, LeastHedge.Ticks, MostHedge.Ticks));
                    using var hedge = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                    Task delay = Task.Delay(patience, hedge.Token);
                    soonest = await Task.WhenAny(running.Append(delay));
                    await hedge.CancelAsync();
                    if (soonest == delay)
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        break;
                    }
                }
                else
                {
                    soonest = await Task.WhenAny(running).WaitAsync(cancellationToken);
                }

                var ended = (Task<ShardReply?>)soonest;
                running.Remove(ended);
                ShardReply? reply = await ended;
                if (reply?.Outcome == ShardOutcome.Answered)
                {
                    return reply;
                }

                best = Better(best, reply);
                if (next < order.Count)
                {
                    break;
                }
            }
        }

        return best;
    }

    private static ShardReply? Better(ShardReply? one, ShardReply? other) =>
        one is null || (other is not null && other.Outcome > one.Outcome) ? other : one;

    /// <returns>Null when it failed.</returns>
    private async Task<ShardReply?> HearAsync(Task<ShardReply> call, string node, LatencyWindow window, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            ShardReply reply = await call.WaitAsync(cancellationToken).ConfigureAwait(false);
            if (reply.Outcome == ShardOutcome.Answered)
            {
                window.Add(Stopwatch.GetElapsedTime(start));
                suspects.TryRemove(node, out _);
            }

            return reply;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Another replica was faster, or the time is up: one that took as long as that is asked last for a while.
            if (Stopwatch.GetElapsedTime(start) > MostHedge)
            {
                suspects[node] = Environment.TickCount64;
            }

            return null;
        }
        catch (Exception)
        {
            // The node is gone, or the grain is moving: whatever it is, the next is asked, and the loss of all of them is told.
            suspects[node] = Environment.TickCount64;
            return null;
        }
    }

    /// <summary>The replicas of a shard: one on this node first, those of nodes that failed a moment ago last, the others in turn.</summary>
    private List<(ShardName Name, string Node)> Order(IClusterView nodes, ShardedGeneration generation, int shard)
    {
        int replicas = generation.Layout.Replicas, first = (int)((uint)Interlocked.Increment(ref turn) % (uint)replicas);
        return
        [
            .. Enumerable.Range(0, replicas)
                .Select(i => (first + i) % replicas)
                .Select(replica => new ShardName(new IndexKey(generation.Generation, generation.Layout.Shards, shard), replica, replicas))
                .Select(name => (Name: name, Node: nodes.NodeOf(name)))
                .OrderBy(one => suspects.TryGetValue(one.Node, out long since) && Environment.TickCount64 - since < SuspicionTime.TotalMilliseconds)
                .ThenByDescending(one => one.Node == nodes.Local),
        ];
    }

    /// <summary>The first request to a shard.</summary>
    /// <param name="Order">The order in which its replicas are asked.</param>
    /// <param name="Reply">The reply of the first of them.</param>
    private sealed record FirstAsked(List<(ShardName Name, string Node)> Order, Task<ShardReply> Reply);

    private static IEnumerable<(int Shard, int Replica)> Replicas(ShardedGeneration generation) =>
        from shard in Enumerable.Range(0, generation.Layout.Shards)
        from replica in Enumerable.Range(0, generation.Layout.Replicas)
        select (shard, replica);

    private Task<ShardState[]> ReportAsync(ShardedGeneration generation, CancellationToken cancellationToken) => Task.WhenAll(Replicas(generation).Select(async at =>
    {
        try
        {
            if (cluster is { } nodes)
            {
                var name = new ShardName(new IndexKey(generation.Generation, generation.Layout.Shards, at.Shard), at.Replica, generation.Layout.Replicas);
                ShardReport report = await nodes.ReportAsync(name).WaitAsync(ReportTimeout, cancellationToken).ConfigureAwait(false);
                return new ShardState(at.Shard, at.Replica, report.Node, report.IsLoaded, report.Pictures, report.MemoryBytes, report.Digest, report.Position);
            }
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // It says itself what is the matter when it is asked for an answer.
        }

        return new ShardState(at.Shard, at.Replica, null, false, 0, 0, 0, 0);
    }));
}

/// <summary>The cluster as this node sees it.</summary>
internal interface IClusterView
{
    /// <summary>Name of this node.</summary>
    string Local { get; }

    /// <summary>Answers queries by replicas of several shards of one node, which is asked once.</summary>
    /// <returns>The reply of each.</returns>
    IReadOnlyList<Task<ShardReply>> Search(IReadOnlyList<ShardName> names, ShardRequest request, CancellationToken cancellationToken);

    /// <summary>Asks the owner of a replica how it is, which also keeps it active.</summary>
    Task<ShardReport> ReportAsync(ShardName name);

    /// <summary>Name of the node on which a replica is to be.</summary>
    string NodeOf(ShardName name);
}
