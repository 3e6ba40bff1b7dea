using System.Collections.Concurrent;
using System.Diagnostics;
using Dpfah.Engine.Search.Shards;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Dpfah.Cluster;

/// <summary>The cluster as this node sees it, and what the node does for its part: loads what it is to have, and lets go what others have by now.</summary>
internal sealed partial class ClusterView : IClusterView, IDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(2);

    // An owner follows its shard within a second or two of its being loaded where it is to be.
    private static readonly TimeSpan LongestMove = TimeSpan.FromSeconds(10);

    private readonly IGrainFactory grains;
    private readonly NodeServices services;
    private readonly IClusterMembershipService membership;
    private readonly LeavingNodes leaving;
    private readonly SiloAddress local;
    private readonly ShardHost host;
    private readonly ShardRouter router;
    private readonly ILogger logger;
    private readonly SemaphoreSlim changed = new(0, 1);
    private readonly Dictionary<IndexKey, IDisposable> prepared = [];
    private readonly Dictionary<ShardName, (long Since, bool IsTold)> astray = [];
    private volatile Tables tables = new(MembershipVersion.MinValue, 0, []);

    public ClusterView(IServiceProvider silo, ShardHost host, ShardRouter router, ILogger<ClusterView> logger)
    {
        grains = silo.GetRequiredService<IGrainFactory>();
        services = silo.GetRequiredService<NodeServices>();
        membership = silo.GetRequiredService<IClusterMembershipService>();
        leaving = silo.GetRequiredService<LeavingNodes>();
        local = silo.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        (this.host, this.router, this.logger) = (host, router, logger);
    }

    /// <inheritdoc/>
    public string Local => ShardPlacementDirector.NameOf(local);

    /// <inheritdoc/>
    public IReadOnlyList<Task<ShardReply>> Search(IReadOnlyList<ShardName> names, ShardRequest request, CancellationToken cancellationToken)
    {
        SiloAddress owner = OwnerOf(names[0]);
        if (owner.Equals(local))
        {
            return [.. names.Select(name => ElseAsync(name, host.SearchAsync(name.Key, request, cancellationToken)))];
        }

        Task<ShardReply> all = AskAsync(names[0], names.Count == 1 ? request : request with { Others = [.. names.Skip(1).Select(name => name.Key.Shard)] });
        return [ElseAsync(names[0], all), .. names.Skip(1).Select((name, i) => ElseAsync(name, OtherAsync(name, i)))];

        async Task<ShardReply> AskAsync(ShardName name, ShardRequest asked) =>
            await services.On(owner).SearchAsync(name.Key.Generation, name.Key.Shards, name.Key.Shard, asked, cancellationToken).ConfigureAwait(false);

        // A node of an earlier build answers for one shard.
        async Task<ShardReply> OtherAsync(ShardName name, int i) =>
            (await all.ConfigureAwait(false)).Others is { } others ? others[i] : await AskAsync(name, request).ConfigureAwait(false);

        // Where it is to be it is not yet: it may be where it was.
        async Task<ShardReply> ElseAsync(ShardName name, Task<ShardReply> asked) => await asked.ConfigureAwait(false) is { Outcome: not ShardOutcome.Loading } reply
            ? reply
            : await grains.GetGrain<IShardGrain>(name.ToString()).SearchAsync(request, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<ShardReport> ReportAsync(ShardName name) => grains.GetGrain<IShardGrain>(name.ToString()).ReportAsync();

    /// <inheritdoc/>
    public string NodeOf(ShardName name) => ShardPlacementDirector.NameOf(OwnerOf(name));

    private SiloAddress OwnerOf(ShardName name)
    {
        Tables now = Current();
        return now.Nodes[now.Of(GenerationOf(name)).Owner(name.Key.Shard, name.Replica)];
    }

    /// <summary>Looks every second, more often while something is loaded, at what this node is to have.</summary>
    public async Task KeepAsync(CancellationToken cancellationToken)
    {
        router.WantedChanged += Wake;
        leaving.Changed += Wake;
        try
        {
            while (true)
            {
                Prepare();
                await router.LookAsync(cancellationToken);
                await MoveAsync(cancellationToken);
                await changed.WaitAsync(IsLeaving || !router.Wanted.All(router.IsLoaded) ? ShortInterval : LookInterval, cancellationToken);
            }
        }
        finally
        {
            router.WantedChanged -= Wake;
            leaving.Changed -= Wake;
            foreach (IDisposable one in prepared.Values)
            {
                one.Dispose();
            }
        }
    }

    private bool IsLeaving => !Current().Nodes.Contains(local);

    /// <summary>Lets the other nodes load what is here, while this one still answers for it, and its owners go there.</summary>
    /// <param name="patience">How long to wait for that. While <see cref="KeepAsync"/> runs.</param>
    public async Task LeaveAsync(TimeSpan patience)
    {
        SiloAddress[] others = [.. Current().Nodes.Where(node => !node.Equals(local))];
        leaving.Add(local);
        await Task.WhenAll(others.Select(async node =>
        {
            try
            {
                await services.On(node).HearLeavingAsync(local).WaitAsync(CallTimeout);
            }
            catch (Exception)
            {
                // Gone itself, or about to be: it has nothing to take over.
            }
        }));

        // No longer than there is anybody who stays, and for nothing that nobody wants any more.
        for (var clock = Stopwatch.StartNew(); IsLeaving && host.Active.Any(IsWanted) && clock.Elapsed < patience;)
        {
            await Task.Delay(ShortInterval);
        }
    }

    private bool IsWanted(ShardGrain grain) => router.Wanted.Contains(GenerationOf(grain.Name));

    private static ShardedGeneration GenerationOf(ShardName name) => new(name.Key.Generation, new ShardLayout(name.Key.Shards, name.Replicas));

    /// <summary>Loads the shards that are to be here before their owners come.</summary>
    private void Prepare()
    {
        Tables now = Current();
        int here = now.Nodes.IndexOf(local);
        HashSet<IndexKey> wanted = [.. router.Wanted.SelectMany(generation =>
            from shard in Enumerable.Range(0, generation.Layout.Shards)
            where Enumerable.Range(0, generation.Layout.Replicas).Any(replica => now.Of(generation).Owner(shard, replica) == here)
            select new IndexKey(generation.Generation, generation.Layout.Shards, shard))];
        foreach (IndexKey key in wanted.Where(key => !prepared.ContainsKey(key)))
        {
            prepared.Add(key, host.Prepare(key));
        }

        foreach (IndexKey key in prepared.Keys.Except(wanted).ToList())
        {
            prepared.Remove(key, out IDisposable? gone);
            gone!.Dispose();
        }
    }

    /// <summary>Sends owners away that are to be on another node, once their shard is in its memory.</summary>
    private async Task MoveAsync(CancellationToken cancellationToken)
    {
        var seen = new HashSet<ShardName>();
        foreach (ShardGrain grain in host.Active)
        {
            SiloAddress owner = OwnerOf(grain.Name);
            if (owner.Equals(local))
            {
                continue;
            }

            bool has = await HasAsync(owner, grain.Name.Key, cancellationToken);
            if (has)
            {
                grain.Move();
            }

            if (IsWanted(grain))
            {
                seen.Add(grain.Name);
                TellAstray(grain.Name, owner, has);
            }
        }

        foreach (ShardName right in astray.Keys.Except(seen).ToList())
        {
            astray.Remove(right);
        }
    }

    /// <summary>Tells once of a copy that has stayed here though it is to be elsewhere.</summary>
    private void TellAstray(ShardName name, SiloAddress owner, bool has)
    {
        (long since, bool isTold) = astray.GetValueOrDefault(name, (Stopwatch.GetTimestamp(), false));
        bool isLong = Stopwatch.GetElapsedTime(since) > LongestMove;
        astray[name] = (since, isTold || isLong);
        if (isLong && !isTold)
        {
            string says = has ? "says that it has it in memory" : "does not say that it has it in memory";
            LogAstray(name.Replica + 1, name.Key.Shard + 1, name.Key.Shards, name.Key.Generation, Local, ShardPlacementDirector.NameOf(owner), says);
        }
    }

    private async Task<bool> HasAsync(SiloAddress node, IndexKey key, CancellationToken cancellationToken)
    {
        try
        {
            return await services.On(node).HasAsync(key.Generation, key.Shards, key.Shard).WaitAsync(CallTimeout, cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Gone again, or not there yet: it is asked in a second.
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => changed.Dispose();

    private Tables Current()
    {
        ClusterMembershipSnapshot snapshot = membership.CurrentSnapshot;
        Tables known = tables;
        int left = leaving.Count;
        if (known.Version == snapshot.Version && known.Left == left && known.Nodes.Count > 0)
        {
            return known;
        }

        SiloAddress[] nodes = ShardPlacementDirector.ActiveNodes(snapshot);
        return tables = new Tables(snapshot.Version, left, [.. leaving.Without(nodes.Length > 0 ? nodes : [local])]);
    }

    private void Wake()
    {
        try
        {
            changed.Release();
        }
        catch (SemaphoreFullException)
        {
            // Already asked for.
        }
    }

    // Counted from 1, as missing shards are told.
    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Copy {Copy} of shard {Shard} of {Shards} of generation {Generation} is still on {Node} and belongs on {Owner}, which {Says}")]
    private partial void LogAstray(int copy, int shard, int shards, int generation, string node, string owner, string says);

    /// <summary>The tables for one list of nodes.</summary>
    /// <param name="Version">The version of the list.</param>
    /// <param name="Left">How many nodes had said that they leave.</param>
    /// <param name="Nodes">Those that stay.</param>
    private sealed record Tables(MembershipVersion Version, int Left, List<SiloAddress> Nodes)
    {
        private readonly ConcurrentDictionary<ShardedGeneration, ShardTable> tables = new();

        public ShardTable Of(ShardedGeneration generation) =>
            tables.GetOrAdd(generation, key => new ShardTable(key, [.. Nodes.Select(ShardPlacementDirector.NameOf)]));
    }
}
